import type { Log } from '@tern/log'
import { inspect } from '@tern/proto'
import { type RpcService, rpcError, unaryHandler } from '@tern/rpc'
import type { Clock, Timer } from '@tern/runtime'
import { RateWindow } from '@tern/telemetry'
import { processLoad } from '@tern/telemetry/node'
import type { HomeService } from '../home/service.ts'
import type { Ownership } from '../queue/ownership.ts'
import type { QueueRunner } from '../queue/queue-runner.ts'
import { AppendTimes } from './append-times.ts'
import { listGroups, resetGroup } from './group-answers.ts'
import { getSessions, listSessions, listSubscriptions, pageMax } from './session-answers.ts'
import { matchTopic } from './topic-match.ts'

const lookEveryMs = 1_000

export type InspectOptions = Readonly<{
  /** This broker's incarnation. */
  broker: number
  ownership: Ownership
  homes: HomeService
  log: Log
  clock: Clock
  logSilentMs(): number
}>

/** What the public API asks of the homes and queues of a broker, and does to them. */
export class Inspect {
  private readonly options: InspectOptions
  private readonly times: AppendTimes
  private readonly rates = new Map<QueueRunner, RateWindow>()
  private timer: Timer

  constructor(options: InspectOptions) {
    this.options = options
    this.times = new AppendTimes(options.log)
    this.timer = options.clock.after(lookEveryMs, () => this.look())
  }

  stop(): void {
    this.timer.cancel()
  }

  listSessions(request: inspect.ListSessionsRequest): inspect.ListSessionsResponse {
    return listSessions(this.options.homes.serving(), request)
  }

  getSessions(request: inspect.GetSessionsRequest): inspect.GetSessionsResponse {
    limit('client ids', request.clientIds.length)
    return getSessions(this.options.homes.serving(), request)
  }

  listSubscriptions(request: inspect.ListSubscriptionsRequest): inspect.ListSubscriptionsResponse {
    return listSubscriptions(this.options.homes.serving(), request)
  }

  matchTopic(request: inspect.MatchTopicRequest): Promise<inspect.MatchTopicResponse> {
    return matchTopic(this.options.homes.serving(), request, this.options.clock)
  }

  listGroups(request: inspect.ListGroupsRequest): Promise<inspect.ListGroupsResponse> {
    return listGroups(this.options.ownership.runners(), request, this.times)
  }

  async listQueues(): Promise<inspect.ListQueuesResponse> {
    const { ownership } = this.options
    return { queues: await Promise.all(ownership.runners().map((runner) => this.statsOf(runner))) }
  }

  disconnect({ clientIds, reasonCode, reason }: inspect.DisconnectRequest): inspect.DisconnectResponse {
    limit('client ids', clientIds.length)
    const homes = this.options.homes.serving()
    const runners = [...homes.values()]
    const told = clientIds.filter((clientId) =>
      runners.some((runner) => runner.disconnect(clientId, reasonCode, reason)),
    )
    return { homes: [...homes.keys()], told }
  }

  async deleteSession({ clientId }: inspect.DeleteSessionRequest): Promise<inspect.DeleteSessionResponse> {
    const { homes } = this.options
    for (const runner of homes.serving().values()) {
      if (runner.client(clientId)?.session === undefined) continue
      const deleted = await runner.delete(clientId)
      if (deleted === 'busy')
        throw rpcError('RESOURCE_EXHAUSTED', 'too much waits to be written; try again in a second')
      return { notOwner: deleted === 'not-owner', deleted: deleted === 'deleted' }
    }
    return { notOwner: false, deleted: false }
  }

  async resetGroup(request: inspect.ResetGroupRequest): Promise<inspect.ResetGroupResponse> {
    const { ownership, log } = this.options
    const runner = await ownership.when(request.queue)
    const answer = runner && (await resetGroup(runner, request, log))
    return answer ?? inspect.ResetGroupResponse.fromPartial({ notOwner: true })
  }

  getStats(): inspect.GetStatsResponse {
    const { broker, ownership, homes, logSilentMs } = this.options
    const indexes = [...homes.serving().values()].map(({ index }) => index)
    return {
      broker,
      owned: ownership.all,
      serving: ownership.serving,
      sessions: sum(indexes.map(({ size }) => size)),
      connectedSessions: sum(indexes.map(({ connected }) => connected)),
      load: processLoad(),
      logSilentMs: Math.round(logSilentMs()),
    }
  }

  private async statsOf(runner: QueueRunner): Promise<inspect.QueueStats> {
    const { ownership, homes } = this.options
    const { queue, logStart: start, state, passedBytes, passedCount } = runner
    const { next: end } = state
    const [appendsPerSecond = 0, bytesPerSecond = 0] = this.rates.get(runner)?.perSecond() ?? []
    const isEmpty = end <= start
    const bytes = isEmpty ? 0 : passedCount === 0 ? -1 : Math.round(((end - start) * passedBytes) / passedCount)
    const oldestMs = isEmpty ? 0 : await this.times.at(queue, start)
    const newestMs = isEmpty ? 0 : runner.newestMs || (await this.times.at(queue, end - 1))
    return {
      ...{ queue, epoch: ownership.epochOf(queue), serving: true, start, end, bytes, oldestMs, newestMs },
      ...{ appendsPerSecond, bytesPerSecond },
      sessions: homes.serving().get(queue)?.index.size ?? 0,
      groups: runner.groups.size,
      retained: runner.retained.size,
    }
  }

  private look(): void {
    const { clock, ownership } = this.options
    const runners = ownership.runners()
    for (const known of this.rates.keys()) if (!runners.includes(known)) this.rates.delete(known)
    for (const runner of runners) {
      const window = this.rates.get(runner) ?? new RateWindow()
      this.rates.set(runner, window)
      window.look(clock.now(), [runner.state.next, runner.passedBytes])
    }
    this.timer = clock.after(lookEveryMs, () => this.look())
  }
}

const sum = (numbers: readonly number[]): number => numbers.reduce((all, each) => all + each, 0)

function limit(what: string, count: number): void {
  if (count > pageMax) throw rpcError('INVALID_ARGUMENT', `${count} ${what}; give at most ${pageMax} at once`)
}

/** Serves whichever incarnation this process is at the moment. */
export function inspectRpcService(inspects: () => Inspect | undefined): RpcService {
  const present = (): Inspect => {
    const found = inspects()
    if (found === undefined) throw rpcError('UNAVAILABLE', 'this broker is between two incarnations')
    return found
  }
  const implementation: inspect.InspectServiceServer = {
    listSessions: unaryHandler((request) => present().listSessions(request)),
    getSessions: unaryHandler((request) => present().getSessions(request)),
    listSubscriptions: unaryHandler((request) => present().listSubscriptions(request)),
    matchTopic: unaryHandler((request) => present().matchTopic(request)),
    listGroups: unaryHandler((request) => present().listGroups(request)),
    listQueues: unaryHandler(() => present().listQueues()),
    disconnect: unaryHandler((request) => present().disconnect(request)),
    deleteSession: unaryHandler((request) => present().deleteSession(request)),
    resetGroup: unaryHandler((request) => present().resetGroup(request)),
    getStats: unaryHandler(() => present().getStats()),
  }
  return { definition: inspect.InspectServiceService, implementation }
}

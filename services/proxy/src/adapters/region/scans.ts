import { parseFilter } from '@tern/mqtt'
import { scan, topicCount } from '@tern/proto'
import { partitionOf, type RouteWatcher } from '@tern/routing'
import { connectClient, unaryCall, withViews } from '@tern/rpc'
import { type Clock, pause } from '@tern/runtime'
import { Refusal } from '../../core/api/refusal.ts'

const topicCounts = topicCount.TopicCountServiceService
const definition = withViews(scan.ScanServiceService, { scan: [scan.ScanRequest, scan.ScanResponse] })

/** A queue without an answer is asked again so soon: its owner may be another one by then. */
const retryDelay = 100
const resourceExhausted = 8
const invalidArgument = 3
/** To an owner that is not asked any more. */
const idleMs = 60_000

/** How long an answer is waited for, by the clock, and when nobody waits any more. */
export type Patience = Readonly<{ until: number; signal: AbortSignal }>

export type ScanWish = Readonly<Omit<scan.ScanRequest, 'parts'>>

type Client = ReturnType<typeof connectClient>
type Route = Readonly<{ address: string; epoch: number }>
type Call = Readonly<{ routes: ReadonlyMap<number, Route>; end: AbortController }>
type Ask<Answer> = (
  client: Client,
  queues: readonly number[],
  leftMs: number,
  signal: AbortSignal,
) => Promise<readonly Answer[]>

export type ScansOptions = Readonly<{ routes: RouteWatcher; clock: Clock }>

/**
 * Looks into queues at whoever owns them now. What is not answered is asked again, of the next owner too, until the patience is over;
 * queues that gave no answer until then are missing in the result.
 */
export class Scans {
  readonly queues: number
  private readonly routes: RouteWatcher
  private readonly clock: Clock
  private readonly clients = new Map<string, { client: Client; usedAt: number }>()
  private readonly calls = new Set<Call>()

  constructor({ routes, clock }: ScansOptions) {
    this.routes = routes
    this.clock = clock
    this.queues = routes.table().queues
    // An owner that was paused does not say that it is none any more.
    routes.onChange(() => this.endStale())
  }

  stop(): void {
    for (const { end } of this.calls) end.abort()
    for (const { client } of this.clients.values()) client.close()
    this.clients.clear()
  }

  queueOf(topic: string): number {
    return partitionOf(topic, this.queues)
  }

  /** The queues that a filter can reach; empty: all. */
  reach(filter: string): number[] {
    if (filter !== '' && parseFilter(filter)?.wildcard === false) return [this.queueOf(filter)]
    return Array.from({ length: this.queues }, (_, queue) => queue)
  }

  locate(
    queues: readonly number[],
    timesMs: readonly number[],
    patience: Patience,
  ): Promise<ReadonlyMap<number, scan.QueueExtent>> {
    return this.gather(queues, patience, async (client, asked, leftMs, signal) => {
      const request = { queues: [...asked], timesMs: [...timesMs] }
      return (await unaryCall(client, definition.locate, request, leftMs, signal)).extents
    })
  }

  async read(
    queue: number,
    positions: readonly number[],
    patience: Patience,
  ): Promise<readonly scan.ReadRecord[] | undefined> {
    const answers = await this.gather([queue], patience, async (client, _, leftMs, signal) => {
      const request = { queue, positions: [...positions] }
      return [{ queue, ...(await unaryCall(client, definition.readRecords, request, leftMs, signal)) }]
    })
    return answers.get(queue)?.records
  }

  scan(
    parts: readonly scan.ScanPart[],
    wish: ScanWish,
    patience: Patience,
  ): Promise<ReadonlyMap<number, scan.ScannedPart>> {
    const byQueue = new Map(parts.map((part) => [part.queue, part]))
    return this.gather([...byQueue.keys()], patience, async (client, asked, leftMs, signal) => {
      const own = asked.map((queue) => byQueue.get(queue) as scan.ScanPart)
      const budgetMs = Math.max(1, Math.min(wish.budgetMs, leftMs - answerMs))
      return (await unaryCall(client, definition.scan, { ...wish, parts: own, budgetMs }, leftMs, signal)).parts
    })
  }

  /** Once, at one owner; empty when it gives no answer, or is none of these any more. */
  async scanAt(
    address: string,
    parts: readonly scan.ScanPart[],
    wish: ScanWish,
    patience: Patience,
  ): Promise<readonly scan.ScannedPart[]> {
    const queues = parts.map(({ queue }) => queue)
    const answers = await this.askOwner(address, queues, patience, async (client, _, leftMs, signal) => {
      return (await unaryCall(client, definition.scan, { ...wish, parts: [...parts] }, leftMs, signal)).parts
    })
    return answers.filter(({ notOwner }) => !notOwner)
  }

  retained(
    queues: readonly number[],
    wish: Readonly<Omit<scan.ScanRetainedRequest, 'queues'>>,
    patience: Patience,
  ): Promise<ReadonlyMap<number, scan.RetainedPart>> {
    return this.gather(queues, patience, async (client, asked, leftMs, signal) => {
      const request = { ...wish, queues: [...asked] }
      return (await unaryCall(client, definition.scanRetained, request, leftMs, signal)).parts
    })
  }

  levels(
    queues: readonly number[],
    wish: Readonly<Omit<topicCount.ListLevelRequest, 'queues'>>,
    patience: Patience,
  ): Promise<ReadonlyMap<number, topicCount.LevelPart>> {
    return this.gather(queues, patience, async (client, asked, leftMs, signal) => {
      return (await unaryCall(client, topicCounts.listLevel, { ...wish, queues: [...asked] }, leftMs, signal)).parts
    })
  }

  search(
    queues: readonly number[],
    wish: Readonly<Omit<topicCount.SearchLevelsRequest, 'queues'>>,
    patience: Patience,
  ): Promise<ReadonlyMap<number, topicCount.SearchPart>> {
    return this.gather(queues, patience, async (client, asked, leftMs, signal) => {
      return (await unaryCall(client, topicCounts.searchLevels, { ...wish, queues: [...asked] }, leftMs, signal)).parts
    })
  }

  /** As the topology calls a broker; empty while the queue has no owner. */
  ownerOf(queue: number): Readonly<{ owner: string; zone: string }> {
    const table = this.routes.table()
    const zone = table.member(table.ownerOf(queue)?.broker ?? -1)?.zone ?? ''
    return { owner: zone === '' ? '' : `broker-${zone.replace(/^az-/, '')}`, zone }
  }

  /** The present owners of queues; those that have none are missing. */
  owners(queues: readonly number[]): Map<string, number[]> {
    const table = this.routes.table()
    const owned = new Map<string, number[]>()
    for (const queue of queues) {
      const address = table.ownerOf(queue)?.address
      if (address === undefined) continue
      const known = owned.get(address)
      if (known) known.push(queue)
      else owned.set(address, [queue])
    }
    return owned
  }

  /** Asks each owner once for all its queues, and those that gave no answer again. */
  private async gather<Answer extends { queue: number; notOwner: boolean }>(
    queues: readonly number[],
    { until, signal }: Patience,
    ask: Ask<Answer>,
  ): Promise<Map<number, Answer>> {
    const answers = new Map<number, Answer>()
    for (let missing = [...queues]; missing.length > 0; ) {
      const groups = [...this.owners(missing)].map(async ([address, asked]) => {
        for (const answer of await this.askOwner(address, asked, { until, signal }, ask)) {
          if (!answer.notOwner) answers.set(answer.queue, answer)
        }
      })
      await Promise.all(groups)
      missing = missing.filter((queue) => !answers.has(queue))
      if (missing.length === 0 || signal.aborted || this.clock.now() + retryDelay >= until) break
      await pause(this.clock, retryDelay)
    }
    return answers
  }

  private async askOwner<Answer>(
    address: string,
    asked: readonly number[],
    { until, signal }: Patience,
    ask: Ask<Answer>,
  ): Promise<readonly Answer[]> {
    const leftMs = until - this.clock.now()
    if (leftMs <= 0 || signal.aborted) return []
    const end = new AbortController()
    const abort = () => end.abort()
    signal.addEventListener('abort', abort)
    const call = { routes: this.routesOf(asked), end }
    this.calls.add(call)
    try {
      return await ask(this.clientTo(address), asked, leftMs, end.signal)
    } catch (error) {
      const { code } = error as { code?: number }
      if (code === resourceExhausted) {
        throw new Refusal('RESOURCE_EXHAUSTED', 'TOO_MANY_SCANS', 'too many look into the log just now; come again', {
          retryAfterMs: 1_000,
        })
      }
      if (code === invalidArgument) throw error
      return []
    } finally {
      this.calls.delete(call)
      signal.removeEventListener('abort', abort)
    }
  }

  private routesOf(queues: readonly number[]): Map<number, Route> {
    const table = this.routes.table()
    return new Map(
      queues.flatMap((queue) => {
        const owner = table.ownerOf(queue)
        return owner ? [[queue, owner] as const] : []
      }),
    )
  }

  private endStale(): void {
    const table = this.routes.table()
    for (const { routes, end } of this.calls) {
      const isStale = [...routes].some(([queue, { epoch }]) => table.ownerOf(queue)?.epoch !== epoch)
      if (isStale) end.abort()
    }
  }

  private clientTo(address: string): Client {
    const now = this.clock.now()
    for (const [other, { client, usedAt }] of this.clients) {
      if (other === address || now - usedAt < idleMs) continue
      client.close()
      this.clients.delete(other)
    }
    const known = this.clients.get(address)
    if (known) {
      known.usedAt = now
      return known.client
    }
    const client = connectClient(address)
    this.clients.set(address, { client, usedAt: now })
    return client
  }
}

/** For the way back. */
const answerMs = 100

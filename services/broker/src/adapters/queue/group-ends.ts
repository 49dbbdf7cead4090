import type { question, state } from '@tern/proto'
import type { Clock, Logger } from '@tern/runtime'
import type { SharedGroup } from '../../core/group/shared-group.ts'
import type { StateWrite } from '../home/state-store.ts'
import type { AskHomes } from './ask-homes.ts'
import { takenWrite } from './group-takes.ts'

/** Whether a group that nobody is connected for is still wanted is asked after the time that messages are kept, and then now and then. */
export const emptyMaxMs = 72 * 3_600_000
const askFilterEveryMs = 3_600_000
/** A record that its session has had for so long without an end: homes are asked whether the session is still there. */
const askSessionsEveryMs = 30_000

export type GroupEndsOptions = Readonly<{
  groups: ReadonlyMap<string, SharedGroup<unknown>>
  clock: Clock
  logger: Logger
  askHomes: Pick<AskHomes, 'sessionsExist' | 'filterHeld'>
  proxyAlive(incarnation: number): boolean
  put(writes: readonly StateWrite[]): void
  end(group: string): void
}>

/** Ends groups that no session holds, and what sessions had taken that are no more: nobody else gets that [MQTT5-4.8.2-5]. */
export class GroupEnds {
  private readonly options: GroupEndsOptions
  private readonly filterAskedAt = new Map<string, number>()
  private sessionsAskedAt: number
  private sessionsAsked = false
  /** What was not done at the last look. */
  private old = new Set<state.Taken>()

  constructor(options: GroupEndsOptions) {
    this.options = options
    this.sessionsAskedAt = options.clock.now()
  }

  keep(now: number): void {
    this.endDead()
    if (!this.sessionsAsked && now - this.sessionsAskedAt >= askSessionsEveryMs) {
      this.sessionsAskedAt = now
      this.sessionsAsked = true
      this.guard(this.endSessions()).finally(() => {
        this.sessionsAsked = false
      })
    }
    for (const [name, { emptySinceMs }] of this.options.groups) {
      const askedAt = this.filterAskedAt.get(name)
      if (emptySinceMs === undefined || now - emptySinceMs < emptyMaxMs) this.filterAskedAt.delete(name)
      else if (askedAt === undefined || now - askedAt >= askFilterEveryMs) {
        this.filterAskedAt.set(name, now)
        void this.guard(this.endGroup(name))
      }
    }
  }

  /** Sessions that end with their connection have ended with their proxy at the latest. */
  private endDead(): void {
    const { proxyAlive } = this.options
    this.finish(this.notDone().filter(({ proxy }) => proxy > 0 && !proxyAlive(proxy)))
  }

  private async endSessions(): Promise<void> {
    const lasting = this.notDone().filter(({ proxy }) => proxy === 0)
    const asked = lasting.filter((each) => this.old.has(each))
    this.old = new Set(lasting)
    const keys = new Map(asked.map((each) => [nameOf(each.clientId, each.session), keyOf(each)]))
    if (keys.size === 0) return
    const existing = await this.options.askHomes.sessionsExist([...keys.values()])
    const names = new Set(existing.map(({ clientId, incarnation }) => nameOf(clientId, incarnation)))
    this.finish(asked.filter(({ clientId, session }) => !names.has(nameOf(clientId, session))))
  }

  /** Offline sessions that last are members, too: what comes meanwhile waits for them (D10). */
  private async endGroup(name: string): Promise<void> {
    const held = await this.options.askHomes.filterHeld(name)
    // A member may have come meanwhile.
    if (held || this.options.groups.get(name)?.emptySinceMs === undefined) return
    this.options.logger.info('a shared subscription that nobody holds has ended', { group: name })
    this.filterAskedAt.delete(name)
    this.options.end(name)
  }

  private notDone(): state.Taken[] {
    return [...this.options.groups.values()].flatMap(({ taken }) => [...taken.notDone()])
  }

  private finish(all: readonly state.Taken[]): void {
    const writes = all.flatMap(({ group, position, clientId, session }) => {
      const done = session && this.options.groups.get(group)?.taken.finish(position, clientId, session)
      return done === undefined ? [] : [takenWrite(done)]
    })
    if (writes.length > 0) this.options.put(writes)
  }

  /** Homes that do not answer now are asked at the next turn. */
  private async guard(asking: Promise<void>): Promise<void> {
    try {
      await asking
    } catch (error) {
      this.options.logger.info('homes could not be asked about shared subscriptions', { error: String(error) })
    }
  }
}

const keyOf = ({ clientId, session }: state.Taken): question.SessionKey => ({ clientId, incarnation: session })

const nameOf = (clientId: string, number: state.Taken['session']): string =>
  `${number?.epoch}.${number?.counter}/${clientId}`

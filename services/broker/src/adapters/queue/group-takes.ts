import { group, type state } from '@tern/proto'
import type { SharedGroup } from '../../core/group/shared-group.ts'
import { type ConnectionNumber, compareNumbers } from '../../core/home/client.ts'
import { StateRefused, type StateStore, type StateWrite } from '../home/state-store.ts'

const { TAKEN, REFUSED, SUPERSEDED } = group.GroupTakeVerdict

export type GroupTakesOptions<R> = Readonly<{
  store: StateStore
  groups: ReadonlyMap<string, SharedGroup<R>>
}>

/**
 * Records of the groups of one queue that sessions take for good, at QoS 2 (D10). Whatever is answered is durable, and comes from
 * an owner that no newer one had followed when it was asked.
 */
export class GroupTakes<R> {
  private readonly options: GroupTakesOptions<R>
  /** The newest connection of each client that asked what it has. */
  private readonly attached = new Map<string, Readonly<{ recipient: R; connection: ConnectionNumber }>>()

  constructor(options: GroupTakesOptions<R>) {
    this.options = options
  }

  /** Rejects when the queue has another owner. */
  async take(recipient: R, proxy: number, part: group.GroupTake): Promise<group.GroupTakeVerdict> {
    const { store, groups } = this.options
    const { clientId, session, connection, clean } = part.taker ?? group.GroupTaker.create({})
    const newest = this.attached.get(clientId)?.connection
    if (session === undefined || connection === undefined) return REFUSED
    if (newest !== undefined && compareNumbers(connection, newest) < 0) return SUPERSEDED
    const found = groups.get(part.group)
    const { position } = part
    const taken = { group: part.group, position, clientId, session, proxy: clean ? proxy : 0, done: false }
    if (!found?.mayTake(recipient, taken)) return REFUSED
    let durable: Promise<void>
    try {
      durable = store.put([takenWrite(taken)])
    } catch (error) {
      if (!(error instanceof StateRefused)) throw error
      // Too much waits to be written: it is leased again.
      return REFUSED
    }
    found.take(recipient, taken)
    await durable
    return TAKEN
  }

  /** Resolves once the record will not be offered again. */
  async done({ group: name, position, clientId, session }: group.GroupDone): Promise<void> {
    const taken = session && this.options.groups.get(name)?.taken.finish(position, clientId, session)
    if (taken !== undefined) await this.options.store.put([takenWrite(taken)])
    // It may be another owner that knows of it.
    else await this.fenced()
  }

  /** What the session has taken and not done. From now on lower connections of the client take nothing here. */
  async attach(recipient: R, { clientId, session, connection }: group.GroupTaker): Promise<group.TakenRecord[]> {
    const newest = this.attached.get(clientId)?.connection
    if (session === undefined || connection === undefined) return []
    if (newest === undefined || compareNumbers(connection, newest) >= 0)
      this.attached.set(clientId, { recipient, connection })
    await this.fenced()
    // As it is now: what was done meanwhile must not be listed.
    return [...this.options.groups].flatMap(([name, { taken }]) =>
      taken.of(clientId, session).map((position) => ({ group: name, position })),
    )
  }

  leave({ clientId, connection }: group.GroupTaker): void {
    const newest = this.attached.get(clientId)?.connection
    if (newest && connection && compareNumbers(connection, newest) === 0) this.attached.delete(clientId)
  }

  detach(gone: R): void {
    for (const [clientId, { recipient }] of this.attached) if (recipient === gone) this.attached.delete(clientId)
  }

  /** All that was begun before is durable, and no newer owner had begun. */
  private async fenced(): Promise<void> {
    const { store } = this.options
    await Promise.all([store.put([]), store.checkFence()])
  }
}

export const takenWrite = (value: state.Taken): StateWrite => [
  takenKey(value.group, value.position),
  { $case: 'taken', value },
]

export const takenKey = (name: string, position: number): string => `taken/${name}/${position}`

import { control } from '@tern/proto'
import type { RouteWatcher } from '@tern/routing'
import { connectClient, unaryCall } from '@tern/rpc'
import { type Clock, pause } from '@tern/runtime'
import { type NamedMember, nameMembers } from '../../core/admin/member-names.ts'

/** So long each member may take to answer; who takes longer is named among those that did not. */
export const answerWithinMs = 500
/** Between two questions about queues that nobody spoke for. */
const askAgainMs = 50
/** To one that is not asked any more. */
const idleMs = 60_000

type Method<In, Out> = Parameters<typeof unaryCall<In, Out>>[1]
type Connection = { client: ReturnType<typeof connectClient>; usedAt: number }

export type Answered<Out> = Readonly<{ member: NamedMember; answer: Out }>
export type Gathered<Out> = Readonly<{ answered: readonly Answered<Out>[]; unreachable: readonly string[] }>

/** Asks the other processes of the region, as the route table names them. */
export class Members {
  readonly routes: RouteWatcher
  private readonly clock: Clock
  private readonly connections = new Map<string, Connection>()
  private readonly listeners = new Set<() => void>()

  constructor({ routes, clock }: Readonly<{ routes: RouteWatcher; clock: Clock }>) {
    this.routes = routes
    this.clock = clock
    routes.onChange(() => {
      for (const listener of [...this.listeners]) listener()
    })
  }

  /** Members or routes have changed; gives back how to stop listening. */
  onChange(listener: () => void): () => void {
    this.listeners.add(listener)
    return () => void this.listeners.delete(listener)
  }

  stop(): void {
    for (const { client } of this.connections.values()) client.close()
    this.connections.clear()
  }

  all(): NamedMember[] {
    return nameMembers(this.routes.table().members())
  }

  brokers(): NamedMember[] {
    return this.all().filter(({ kind }) => kind === control.MemberKind.BROKER)
  }

  proxies(): NamedMember[] {
    return this.all().filter(({ kind }) => kind === control.MemberKind.PROXY)
  }

  get(incarnation: number): NamedMember | undefined {
    return this.all().find((member) => member.incarnation === incarnation)
  }

  /** The owner of the queue; undefined: nobody, for a moment. */
  ownerOf(queue: number): NamedMember | undefined {
    const owner = this.routes.table().ownerOf(queue)
    return owner && this.get(owner.broker)
  }

  /** Rejects with the service's words, or when it does not answer in time. */
  ask<In, Out>(member: Pick<NamedMember, 'address'>, method: Method<In, Out>, request: In, withinMs = answerWithinMs) {
    return unaryCall(this.clientTo(member.address), method, request, withinMs)
  }

  /** All at once; each with a request of its own. */
  async gather<In, Out>(
    members: readonly NamedMember[],
    method: Method<In, Out>,
    requestOf: (member: NamedMember) => In,
  ): Promise<Gathered<Out>> {
    const answered: Answered<Out>[] = []
    const unreachable: string[] = []
    await Promise.all(
      members.map(async (member) => {
        try {
          answered.push({ member, answer: await this.ask(member, method, requestOf(member)) })
        } catch {
          unreachable.push(member.name)
        }
      }),
    )
    return { answered, unreachable: unreachable.sort() }
  }

  /**
   * Asks all homes. While a queue moves nobody speaks for it, and whoever asked would miss its part without a word: so they are asked
   * again for a moment. What nobody spoke for even then is named.
   */
  async gatherHomes<In, Out>(
    method: Method<In, Out>,
    request: In,
    spokenFor: (answer: Out) => readonly number[],
  ): Promise<Gathered<Out>> {
    const until = this.clock.now() + answerWithinMs
    for (;;) {
      const { answered, unreachable } = await this.gather(this.brokers(), method, () => request)
      const told = new Set(answered.flatMap(({ answer }) => spokenFor(answer)))
      const silent = this.silent(told, unreachable)
      if (silent.length === 0 || this.clock.now() >= until) {
        return { answered, unreachable: [...unreachable, ...silent] }
      }
      await pause(this.clock, askAgainMs)
    }
  }

  /** Queues that nobody spoke for, but for those of brokers that gave no answer at all. */
  private silent(told: ReadonlySet<number>, unreachable: readonly string[]): string[] {
    return Array.from({ length: this.routes.table().queues }, (_, queue) => queue)
      .filter((queue) => !told.has(queue) && !unreachable.includes(this.ownerOf(queue)?.name ?? ''))
      .map((queue) => `queue-${queue}`)
  }

  private clientTo(address: string): Connection['client'] {
    const now = this.clock.now()
    for (const [other, { client, usedAt }] of this.connections) {
      if (other === address || now - usedAt < idleMs) continue
      client.close()
      this.connections.delete(other)
    }
    const known = this.connections.get(address) ?? { client: connectClient(address), usedAt: now }
    known.usedAt = now
    this.connections.set(address, known)
    return known.client
  }
}

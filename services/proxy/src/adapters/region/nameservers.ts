import { nameserver } from '@tern/proto'
import { connectClient, unaryCall } from '@tern/rpc'
import type { Clock } from '@tern/runtime'

const answerWithinMs = 400
const drainWithinMs = 5_000
/** One that has not answered for so long is dead, as long as nothing listens there. */
const silentMax = 1_500

const { listEvents, look, drain } = nameserver.NameserverServiceService

export type NameserverSight = Readonly<{
  address: string
  /** What it said last; undefined: nothing yet. */
  said: nameserver.LookResponse | undefined
  state: 'healthy' | 'suspect' | 'dead'
}>

/** Asks the nameservers what they see. */
export class Nameservers {
  private readonly addresses: readonly string[]
  private readonly clock: Clock
  private readonly clients: ReadonlyMap<string, ReturnType<typeof connectClient>>
  private readonly said = new Map<string, Readonly<{ answer: nameserver.LookResponse; at: number }>>()

  constructor({ addresses, clock }: Readonly<{ addresses: readonly string[]; clock: Clock }>) {
    this.addresses = addresses
    this.clock = clock
    this.clients = new Map(addresses.map((address) => [address, connectClient(address)]))
  }

  stop(): void {
    for (const client of this.clients.values()) client.close()
  }

  /** All at once. */
  look(): Promise<NameserverSight[]> {
    return Promise.all(
      this.addresses.map(async (address): Promise<NameserverSight> => {
        const client = this.clientTo(address)
        const answer = await unaryCall(client, look, {}, answerWithinMs).catch((error: unknown) => String(error))
        const now = this.clock.now()
        if (typeof answer !== 'string') {
          this.said.set(address, { answer, at: now })
          return { address, said: answer, state: 'healthy' }
        }
        const known = this.said.get(address)
        const gone = answer.includes('ECONNREFUSED') || now - (known?.at ?? 0) > silentMax
        return { address, said: known?.answer, state: gone ? 'dead' : 'suspect' }
      }),
    )
  }

  /** Of whichever answers first; each has folded the same log. */
  async events(request: nameserver.ListEventsRequest): Promise<nameserver.ListEventsResponse> {
    return await this.first((client) => unaryCall(client, listEvents, request, 2 * answerWithinMs))
  }

  /** Any of them hands it on to the one that leads. */
  async drain(request: nameserver.DrainRequest): Promise<nameserver.DrainResponse> {
    let last: unknown
    for (const address of this.addresses) {
      try {
        return await unaryCall(this.clientTo(address), drain, request, drainWithinMs)
      } catch (error) {
        last = error
      }
    }
    throw last
  }

  private first<Answer>(ask: (client: ReturnType<typeof connectClient>) => Promise<Answer>): Promise<Answer> {
    return Promise.any(this.addresses.map((address) => ask(this.clientTo(address))))
  }

  private clientTo(address: string): ReturnType<typeof connectClient> {
    return this.clients.get(address) as ReturnType<typeof connectClient>
  }
}

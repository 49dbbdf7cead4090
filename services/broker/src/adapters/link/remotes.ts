import { append, link, type question } from '@tern/proto'
import { PackedWriter } from '@tern/record'
import { dialStream } from '@tern/rpc'
import type { Clock, Duplex } from '@tern/runtime'
import { linkService } from './link-service.ts'
import { type Waiting, within } from './within.ts'

type BrokerStream = Duplex<link.LinkRequest, link.LinkResponse>
export type DialBroker = (address: string) => BrokerStream

const overGrpc: DialBroker = (address) => dialStream(address, linkService.link)

/** One link to each broker that this one has something for. */
export class Remotes {
  private readonly remotes = new Map<string, Remote>()
  private readonly clock: Clock
  private readonly dial: DialBroker

  constructor(clock: Clock, dial: DialBroker = overGrpc) {
    this.clock = clock
    this.dial = dial
  }

  at(address: string): Remote {
    const known = this.remotes.get(address)
    if (known) return known
    const remote = new Remote(this.dial(address), this.clock, () => this.remotes.delete(address))
    this.remotes.set(address, remote)
    return remote
  }

  stop(): void {
    for (const remote of [...this.remotes.values()]) remote.end()
  }
}

/** A link to another broker, as proxy 0. */
export class Remote {
  private readonly stream: BrokerStream
  private readonly clock: Clock
  private readonly appended = new Map<number, Waiting<void>>()
  private readonly asked = new Map<number, Waiting<question.HomeQuestionAnswer>>()
  private sent = 0

  constructor(stream: BrokerStream, clock: Clock, over: () => void) {
    this.stream = stream
    this.clock = clock
    stream.listen({
      frame: ({ appendAnswers, homeQuestionAnswers }) => {
        for (const answer of appendAnswers) this.answered(answer)
        for (const answer of homeQuestionAnswers) {
          this.asked.get(answer.id)?.resolve(answer)
          this.asked.delete(answer.id)
        }
      },
      end: (reason) => {
        over()
        const gone = new Error(`the owner has gone: ${reason}`)
        for (const { reject } of [...this.appended.values(), ...this.asked.values()]) reject(gone)
        this.appended.clear()
        this.asked.clear()
      },
    })
  }

  /** In one frame: all of it comes to the same owner, or nothing. */
  append(queue: number, bodies: readonly Buffer[]): Promise<void> {
    const records = new PackedWriter(0, 0)
    for (const body of bodies) records.add(0, 0, body)
    const firstSequence = this.sent + 1
    this.sent += bodies.length
    const part = { queue, firstSequence, count: bodies.length, records: records.finish() }
    return within(this.clock, (waiting) => {
      // Answers come in order: the last one tells of all.
      this.appended.set(this.sent, waiting)
      this.stream.send(link.LinkRequest.create({ appends: [part] }))
    })
  }

  ask(asked: Omit<question.HomeQuestion, 'id'>): Promise<question.HomeQuestionAnswer> {
    const id = ++this.sent
    return within(this.clock, (waiting) => {
      this.asked.set(id, waiting)
      this.stream.send(link.LinkRequest.create({ homeQuestions: [{ id, ...asked }] }))
    })
  }

  end(): void {
    this.stream.end()
  }

  private answered({ firstSequence, count, verdict }: append.AppendAnswer): void {
    for (let sequence = firstSequence; sequence < firstSequence + count; sequence++) {
      const waiting = this.appended.get(sequence)
      this.appended.delete(sequence)
      if (verdict === append.AppendVerdict.NOT_OWNER) waiting?.reject(new Error('the queue has another owner'))
      else waiting?.resolve()
    }
  }
}

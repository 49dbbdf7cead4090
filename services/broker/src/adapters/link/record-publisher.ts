import { append, link } from '@tern/proto'
import { decodeEnvelope, PackedWriter, readBody } from '@tern/record'
import { type Owner, partitionOf } from '@tern/routing'
import { dialStream } from '@tern/rpc'
import type { Clock, Duplex } from '@tern/runtime'
import type { Ownership } from '../queue/ownership.ts'
import { linkService } from './link-service.ts'

const answerWithin = 5_000
type BrokerStream = Duplex<link.LinkRequest, link.LinkResponse>
export type DialBroker = (address: string) => BrokerStream
type Waiting = Readonly<{ resolve: () => void; reject: (error: Error) => void }>

export type RecordPublisherOptions = Readonly<{
  ownership: Ownership
  queues(): number
  ownerOf(queue: number): Owner | undefined
  clock: Clock
  dial?: DialBroker
}>

const overGrpc: DialBroker = (address) => dialStream(address, linkService.link)

/** Appends records that this broker's homes publish, to queues of its own and to those of others. */
export class RecordPublisher {
  private readonly options: RecordPublisherOptions
  private readonly remotes = new Map<string, Remote>()

  constructor(options: RecordPublisherOptions) {
    this.options = options
  }

  /** Resolves once the record is on the log; rejects when its owner could not be asked, or is another one now. */
  async publish(topic: string, body: Buffer): Promise<void> {
    const { ownership, queues, ownerOf, clock } = this.options
    const queue = partitionOf(topic, queues())
    const runner = await ownership.when(queue)
    if (runner !== undefined) return publishHere(runner, body, clock)
    const owner = ownerOf(queue)
    if (owner === undefined) throw new Error(`queue ${queue} has no owner`)
    await this.remoteAt(owner.address).append(queue, body)
  }

  stop(): void {
    for (const remote of this.remotes.values()) remote.end()
  }

  private remoteAt(address: string): Remote {
    const known = this.remotes.get(address)
    if (known) return known
    const { clock, dial = overGrpc } = this.options
    const remote = new Remote(dial(address), clock, () => this.remotes.delete(address))
    this.remotes.set(address, remote)
    return remote
  }
}

type Appender = NonNullable<Awaited<ReturnType<Ownership['when']>>>

function publishHere(runner: Appender, body: Buffer, clock: Clock): Promise<void> {
  const header = readBody(body, 0, body.length).header('tern')
  if (header === undefined) throw new Error('a record has no envelope')
  return within(clock, ({ resolve }) => {
    runner.append({ record: decodeEnvelope(header), body, answer: resolve })
  })
}

/** Rejects when nothing came in time: a queue that is given up meanwhile never answers. */
function within(clock: Clock, start: (waiting: Waiting) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = clock.after(answerWithin, () => reject(new Error('no answer in time')))
    start({
      resolve: () => {
        timer.cancel()
        resolve()
      },
      reject: (error) => {
        timer.cancel()
        reject(error)
      },
    })
  })
}

/** A link to another broker, as proxy 0. */
class Remote {
  private readonly stream: BrokerStream
  private readonly clock: Clock
  private readonly waiting = new Map<number, Waiting>()
  private sent = 0

  constructor(stream: BrokerStream, clock: Clock, over: () => void) {
    this.stream = stream
    this.clock = clock
    stream.listen({
      frame: ({ appendAnswers }) => {
        for (const answer of appendAnswers) this.answered(answer)
      },
      end: (reason) => {
        over()
        for (const { reject } of this.waiting.values()) reject(new Error(`the owner has gone: ${reason}`))
        this.waiting.clear()
      },
    })
  }

  append(queue: number, body: Buffer): Promise<void> {
    const records = new PackedWriter(0, 0)
    records.add(0, 0, body)
    const firstSequence = ++this.sent
    const part = { queue, firstSequence, count: 1, records: records.finish() }
    return within(this.clock, (waiting) => {
      this.waiting.set(firstSequence, waiting)
      this.stream.send(link.LinkRequest.create({ appends: [part] }))
    })
  }

  end(): void {
    this.stream.end()
  }

  private answered({ firstSequence, count, verdict }: append.AppendAnswer): void {
    for (let sequence = firstSequence; sequence < firstSequence + count; sequence++) {
      const waiting = this.waiting.get(sequence)
      this.waiting.delete(sequence)
      if (verdict === append.AppendVerdict.NOT_OWNER) waiting?.reject(new Error('the queue has another owner'))
      else waiting?.resolve()
    }
  }
}

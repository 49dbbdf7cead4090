import { type Envelope, envelopeOf } from '@tern/record'
import { type Owner, partitionOf } from '@tern/routing'
import type { Clock } from '@tern/runtime'
import type { Ownership } from '../queue/ownership.ts'
import type { QueueRunner } from '../queue/queue-runner.ts'
import type { Remotes } from './remotes.ts'
import { within } from './within.ts'

export type RecordPublisherOptions = Readonly<{
  ownership: Ownership
  queues(): number
  ownerOf(queue: number): Owner | undefined
  clock: Clock
  remotes: Remotes
}>

/** Appends records that this broker itself has for queues, its own and those of others. */
export class RecordPublisher {
  private readonly options: RecordPublisherOptions

  constructor(options: RecordPublisherOptions) {
    this.options = options
  }

  /** Resolves once the record is on the log; rejects when its owner could not be asked, or is another one now. */
  publish(topic: string, body: Buffer): Promise<void> {
    return this.publishAll(partitionOf(topic, this.options.queues()), [body])
  }

  /** The same for several; they stand in the queue in this order, also when some of it has to be repeated. */
  async publishAll(queue: number, bodies: readonly Buffer[]): Promise<void> {
    const { ownership, ownerOf, clock, remotes } = this.options
    const runner = await ownership.when(queue)
    if (runner !== undefined) return publishHere(runner, bodies, clock)
    const owner = ownerOf(queue)
    if (owner === undefined) throw new Error(`queue ${queue} has no owner`)
    await remotes.at(owner.address).append(queue, bodies)
  }
}

function publishHere(runner: QueueRunner, bodies: readonly Buffer[], clock: Clock): Promise<void> {
  let unanswered = bodies.length
  return within(clock, ({ resolve }) => {
    const answer = () => {
      if (--unanswered === 0) resolve()
    }
    for (const body of bodies) runner.append({ record: envelopeAt(body), body, answer })
  })
}

/** Of a record that a part of the region wrote. */
export function envelopeAt(body: Buffer): Envelope {
  const found = envelopeOf(body)
  if (found === undefined) throw new Error('a record has no envelope')
  return found
}

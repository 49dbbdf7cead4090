import { decodeEnvelope, readBody } from '@tern/record'
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

/** Appends records that this broker's homes publish, to queues of its own and to those of others. */
export class RecordPublisher {
  private readonly options: RecordPublisherOptions

  constructor(options: RecordPublisherOptions) {
    this.options = options
  }

  /** Resolves once the record is on the log; rejects when its owner could not be asked, or is another one now. */
  async publish(topic: string, body: Buffer): Promise<void> {
    const { ownership, queues, ownerOf, clock, remotes } = this.options
    const queue = partitionOf(topic, queues())
    const runner = await ownership.when(queue)
    if (runner !== undefined) return publishHere(runner, body, clock)
    const owner = ownerOf(queue)
    if (owner === undefined) throw new Error(`queue ${queue} has no owner`)
    await remotes.at(owner.address).append(queue, body)
  }
}

function publishHere(runner: QueueRunner, body: Buffer, clock: Clock): Promise<void> {
  const header = readBody(body, 0, body.length).header('tern')
  if (header === undefined) throw new Error('a record has no envelope')
  return within(clock, ({ resolve }) => {
    runner.append({ record: decodeEnvelope(header), body, answer: () => resolve() })
  })
}

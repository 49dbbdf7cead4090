import type { append } from '@tern/proto'
import type { Ownership } from '../queue/ownership.ts'

/** How far a publisher has come in a queue: a new one would otherwise begin below what an earlier one has stored (rule 8). */
export async function publisherAnswer(
  ownership: Ownership,
  { id, queue, publisher }: append.PublisherRead,
): Promise<append.PublisherAnswer> {
  await ownership.when(queue)
  if (ownership.get(queue) !== undefined) await ownership.compareNow([queue])
  const runner = ownership.get(queue)
  return { id, notOwner: runner === undefined, sequence: runner?.state.publishers.lastOf(publisher) ?? 0 }
}

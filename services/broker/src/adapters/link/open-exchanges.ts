import type { append } from '@tern/proto'
import type { Ownership } from '../queue/ownership.ts'

/**
 * Which inbound QoS 2 exchanges of a session are open in the queues of this broker. "None" is only said after a comparison
 * with the log's end that began after the question (rule 3).
 */
export async function openExchanges(
  ownership: Ownership,
  { id, clientId, session, queues }: append.OpenExchangesRead,
): Promise<append.OpenExchangesAnswer> {
  await Promise.all(queues.map((queue) => ownership.when(queue)))
  const owned = queues.filter((queue) => ownership.get(queue) !== undefined)
  await ownership.compareNow(owned)
  const open: append.OpenPacket[] = []
  const answered = new Set<number>()
  for (const queue of owned) {
    const runner = ownership.get(queue)
    if (runner === undefined || session === undefined) continue
    answered.add(queue)
    for (const packetId of runner.state.openPackets(clientId, session)) open.push({ packetId, queue })
  }
  return { id, notOwned: queues.filter((queue) => !answered.has(queue)), open }
}

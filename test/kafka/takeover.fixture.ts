import { encodeStateRecord, type StateWrite } from '@tern/broker/testing'
import { type Log, ternTopics } from '@tern/log'
import { envelope, state } from '@tern/proto'
import { batches, encodeBatch, encodeBody, encodeEnvelope, readBody } from '@tern/record'
import { partitionOf } from '@tern/routing'

export type Filled = Readonly<{ messages: number; retained: number; sessions: number }>

export const queues = 12
const batchRecords = 1_000
const payload = Buffer.alloc(64, 'x')

/** Names whose hash leads to the queue. */
export function namesIn(queue: number, prefix: string, count: number): string[] {
  const names: string[] = []
  for (let i = 0; names.length < count; i++) {
    if (partitionOf(`${prefix}${i}`, queues) === queue) names.push(`${prefix}${i}`)
  }
  return names
}

/** What a region would have written into one queue; none runs yet. */
export async function fill(log: Log, queue: number, { messages, retained, sessions }: Filled): Promise<void> {
  await log.provision(ternTopics(queues))
  await publish(log, queue, 'fill', messages, retained)
  let number = 0
  for (const writes of sessionWrites(queue, sessions)) {
    const bodies = writes.map((write) => encodeStateRecord(write, { epoch: 0, number: ++number }))
    await log.append('tern.state', queue, encodeBatch(bodies))
  }
}

/** Messages of one producer, the first ones retained. */
export async function publish(
  log: Log,
  queue: number,
  producerName: string,
  count: number,
  retained = 0,
): Promise<void> {
  const topics = namesIn(queue, 'fill/', Math.max(retained, 100))
  for (let at = 0; at < count; at += batchRecords) {
    const bodies: Buffer[] = []
    for (let i = at; i < Math.min(count, at + batchRecords); i++) {
      const fields = { clientId: 'fill', qos: 1, producerName, sequence: i + 1, retain: i < retained }
      const header = encodeEnvelope(envelope.Envelope.create(fields))
      bodies.push(encodeBody(Buffer.from(topics[i % topics.length] ?? ''), payload, [['tern', header]]))
    }
    await log.append('tern.messages', queue, encodeBatch(bodies))
  }
}

/** Offline sessions as their home keeps them: two filters, and a cursor in each queue. */
function* sessionWrites(queue: number, sessions: number): Generator<StateWrite[]> {
  const progress = Array.from({ length: queues }, (_, each) => ({ queue: each, low: 0, settled: [] }))
  let writes: StateWrite[] = []
  for (const [i, clientId] of namesIn(queue, 'device-', sessions).entries()) {
    const connection = { epoch: 0, counter: i + 1 }
    const starts = progress.map(({ queue: each }) => ({ queue: each, position: -1 }))
    const subscriptions = [`cmd/${clientId}/#`, 'all/devices'].map((filter) =>
      state.Subscription.create({ filter, qos: 1, starts }),
    )
    const session = state.Session.create({
      ...{ clientId, incarnation: connection, connection, subscriptions },
      ...{ expirySeconds: 0xffff_ffff, disconnectedAtMs: Date.now() },
    })
    writes.push([`session/${clientId}`, { $case: 'session', value: session }])
    writes.push([`cursor/${clientId}`, { $case: 'cursor', value: { progress, inFlight: [] } }])
    if (writes.length < batchRecords) continue
    yield writes
    writes = []
  }
  if (writes.length > 0) yield writes
}

/** Resolves once the owner has a snapshot of the queue and has kept its retained topics. */
export function untilKept(log: Log, queue: number, retained: number): Promise<void> {
  const kept = new Set<string>()
  return new Promise((resolve) => {
    const tail = log.tail('tern.state', queue, 0, (bytes) => {
      for (const batch of batches(bytes)) {
        for (const { body } of batch.records()) {
          const key = String(readBody(body, 0, body.length).key)
          if (key.startsWith('retained/')) kept.add(key)
          if (!key.startsWith('snapshot/') || kept.size < retained) continue
          tail.cancel()
          resolve()
        }
      }
    })
  })
}

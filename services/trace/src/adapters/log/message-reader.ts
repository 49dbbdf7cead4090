import { type Log, LogError } from '@tern/log'
import { batches, decodeEnvelope, readBody } from '@tern/record'
import { contextOf } from '../../core/story/context.ts'
import type { StoredMessage } from '../../core/story/story.ts'

const topic = 'tern.messages'
const readBytes = 128 * 1024
/** A log gives a whole batch at least: all that one message needs. */
const oneBatch = 1

/** Reads records of tern.messages for the traces that are about them. */
export class MessageReader {
  private readonly log: Log

  constructor(log: Log) {
    this.log = log
  }

  /** Of these positions those that are messages, and that retention has left. */
  async read(queue: number, positions: Iterable<number>): Promise<ReadonlyMap<number, StoredMessage>> {
    const wanted = [...positions].sort((a, b) => a - b)
    const found = new Map<number, StoredMessage>()
    const all = new Set(wanted)
    const bytes = wanted.length === 1 ? oneBatch : readBytes
    let from = 0
    for (const position of wanted) if (position >= from) from = await this.page(queue, position, bytes, all, found)
    return found
  }

  /** Takes what one read brings, and gives the position after it. */
  private async page(
    queue: number,
    from: number,
    bytes: number,
    wanted: ReadonlySet<number>,
    found: Map<number, StoredMessage>,
  ): Promise<number> {
    let next = from + 1
    try {
      const { batches: content } = await this.log.read(topic, queue, from, bytes)
      for (const batch of batches(content)) {
        for (const { offset, body } of batch.content === 'records' ? batch.records() : []) {
          const message = wanted.has(offset) ? messageOf(body, batch.appendTimeMs) : undefined
          if (message !== undefined) found.set(offset, message)
        }
        next = Math.max(next, batch.lastOffset + 1)
      }
    } catch (error) {
      if (!(error instanceof LogError) || error.failure !== 'out-of-range') throw error
    }
    return next
  }
}

/** Undefined: a marker. */
function messageOf(body: Buffer, storedMs: number): StoredMessage | undefined {
  const { key, value, header } = readBody(body, 0, body.length)
  if (key === null) return undefined
  const raw = header('tern')
  const envelope = raw && decodeEnvelope(raw)
  const foreign = header('traceparent')
  const given = envelope?.userProperties.filter(({ name }) => name === 'traceparent').map((each) => each.value) ?? []
  return {
    topic: String(key),
    storedMs,
    receivedMs: envelope?.receiveTimeMs ?? 0,
    clientId: envelope?.clientId ?? '',
    principal: envelope?.principal ?? '',
    // A record that another Kafka producer wrote is a QoS 1 message, not retained.
    qos: envelope?.qos ?? 1,
    retain: envelope?.retain ?? false,
    payloadBytes: value?.length ?? 0,
    expirySeconds: envelope?.messageExpirySeconds,
    context: contextOf(envelope === undefined && foreign !== undefined ? [String(foreign)] : given),
  }
}

import { envelope } from '@tern/proto'
import { encodeBody, encodeEnvelope, encodeMessage, readBody } from '@tern/record'
import type { Written } from '../queue/append-queue.ts'
import type { Quotas } from '../quotas.ts'
import type { RetainedTopics } from './retained-topics.ts'

export const quotaExceeded = 0x97

type RetainedQuotas = Pick<Quotas, 'retainedMax' | 'retainedBytesMax'>

/**
 * Which records of one batch may make a new retained message. It judges before the append: what is on the log is retained, whatever the
 * quotas are by then, so that retained messages stay a function of the log alone (D11).
 */
export class RetainedAdmission {
  private readonly retained: RetainedTopics
  private readonly quotas: RetainedQuotas
  private count: number
  private bytes: number
  /** What earlier records of the batch make of their topics; 0: none. */
  private readonly sizes = new Map<string, number>()

  constructor(retained: RetainedTopics, quotas: RetainedQuotas) {
    this.retained = retained
    this.quotas = quotas
    this.count = retained.size
    this.bytes = retained.bytes
  }

  readonly admit = (entry: Written): Written => {
    const { record, body } = entry
    if (!record.retain || this.fits(body)) return entry
    // Nobody could be told that a will was refused: it is a message all the same, and not retained.
    return record.producer === 0 ? notRetained(entry) : refusalOf(record)
  }

  private fits(body: Buffer): boolean {
    const { key, value } = readBody(body, 0, body.length)
    const topic = String(key)
    const before = this.sizes.get(topic) ?? this.retained.bytesOf(topic)
    const after = value === null || value.length === 0 ? 0 : body.length
    const { retainedMax, retainedBytesMax } = this.quotas
    const isNew = before === 0 && after > 0
    if (isNew && (this.count >= retainedMax || this.bytes + after > retainedBytesMax)) return false
    this.count += Math.sign(after) - Math.sign(before)
    this.bytes += after - before
    this.sizes.set(topic, after)
    return true
  }
}

/** Takes the record's place in the order of its producer, who could otherwise hear later that it was stored. */
function refusalOf({ clientId, connection, producer, sequence, publisher, receiveTimeMs }: envelope.Envelope): Written {
  const whose = { clientId, connection, producer, sequence, ...(publisher && { publisher, receiveTimeMs }) }
  const record = envelope.Envelope.create({ ...whose, refused: quotaExceeded })
  return { record, body: encodeMessage(null, null, record) }
}

function notRetained({ record, body }: Written): Written {
  const { key, value } = readBody(body, 0, body.length)
  const plain = { ...record, retain: false }
  return { record: plain, body: encodeBody(key, value, [['tern', encodeEnvelope(plain)]]) }
}

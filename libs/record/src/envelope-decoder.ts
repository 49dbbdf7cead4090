import type { envelope } from '@tern/proto'
import type { Envelope } from './envelope-encoder.ts'
import { VarintReader } from './varint.ts'

/** Equal to the generated decoder. Bytes are views; unknown fields are skipped; what is cut off is a RangeError. */
export function decodeEnvelope(bytes: Uint8Array): Envelope {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  return decodeFrom(buffer, new VarintReader(buffer, 0, buffer.length))
}

/** From where the reader is, to its end. */
export function decodeFrom(buffer: Buffer, reader: VarintReader): Envelope {
  const e = emptyEnvelope()
  while (reader.at < reader.end) readField(e, buffer, reader)
  return e
}

function emptyEnvelope(): Envelope {
  return {
    clientId: '',
    qos: 0,
    retain: false,
    producer: 0,
    producerName: '',
    sequence: 0,
    connection: undefined,
    qosTwo: undefined,
    release: false,
    endedProducer: 0,
    receiveTimeMs: 0,
    principal: '',
    payloadFormat: 0,
    messageExpirySeconds: undefined,
    contentType: undefined,
    responseTopic: undefined,
    correlationData: undefined,
    userProperties: [],
    settledThrough: 0,
    refused: 0,
    publisher: undefined,
  }
}

function readField(e: Envelope, buffer: Buffer, reader: VarintReader): void {
  const tag = reader.next()
  if ((tag & 7) === 0) readNumber(e, tag, reader.next())
  else if ((tag & 7) === 2) readBytes(e, tag, buffer, reader)
  else skip(tag, reader)
}

function readNumber(e: Envelope, tag: number, value: number): void {
  if (tag === 0x10) e.qos = value
  else if (tag === 0x18) e.retain = value !== 0
  else if (tag === 0x20) e.producer = value
  else if (tag === 0x30) e.sequence = value
  else if (tag === 0x48) e.release = value !== 0
  else if (tag === 0x50) e.endedProducer = value
  else if (tag === 0x58) e.receiveTimeMs = value
  else if (tag === 0x68) e.payloadFormat = value
  else if (tag === 0x70) e.messageExpirySeconds = value
  else if (tag === 0x98) e.settledThrough = value
  else if (tag === 0xa0) e.refused = value
}

function readBytes(e: Envelope, tag: number, buffer: Buffer, reader: VarintReader): void {
  const length = reader.next()
  const from = reader.take(length)
  const end = from + length
  if (tag === 0x0a) e.clientId = buffer.toString('utf8', from, end)
  else if (tag === 0x2a) e.producerName = buffer.toString('utf8', from, end)
  else if (tag === 0x3a) e.connection = readConnection(buffer, from, end)
  else if (tag === 0x42) e.qosTwo = readQosTwo(buffer, from, end)
  else if (tag === 0x62) e.principal = buffer.toString('utf8', from, end)
  else if (tag === 0x7a) e.contentType = buffer.toString('utf8', from, end)
  else if (tag === 0x82) e.responseTopic = buffer.toString('utf8', from, end)
  else if (tag === 0x8a) e.correlationData = buffer.subarray(from, end)
  else if (tag === 0x92) e.userProperties.push(readUserProperty(buffer, from, end))
  else if (tag === 0xaa) e.publisher = readPublisher(buffer, from, end)
}

function readConnection(buffer: Buffer, from: number, end: number): envelope.ConnectionNumber {
  const reader = new VarintReader(buffer, from, end)
  const result = { epoch: 0, counter: 0 }
  while (reader.at < end) {
    const tag = reader.next()
    if (tag === 0x08) result.epoch = reader.next()
    else if (tag === 0x10) result.counter = reader.next()
    else skip(tag, reader)
  }
  return result
}

function readQosTwo(buffer: Buffer, from: number, end: number): envelope.QosTwoKey {
  const reader = new VarintReader(buffer, from, end)
  const result: envelope.QosTwoKey = { session: undefined, packetId: 0 }
  while (reader.at < end) {
    const tag = reader.next()
    if (tag === 0x0a) {
      const length = reader.next()
      const at = reader.take(length)
      result.session = readConnection(buffer, at, at + length)
    } else if (tag === 0x10) result.packetId = reader.next()
    else skip(tag, reader)
  }
  return result
}

function readPublisher(buffer: Buffer, from: number, end: number): envelope.PublisherKey {
  const reader = new VarintReader(buffer, from, end)
  const result = { name: '', sequence: 0 }
  while (reader.at < end) {
    const tag = reader.next()
    if (tag === 0x0a) {
      const length = reader.next()
      const at = reader.take(length)
      result.name = buffer.toString('utf8', at, at + length)
    } else if (tag === 0x10) result.sequence = reader.next()
    else skip(tag, reader)
  }
  return result
}

function readUserProperty(buffer: Buffer, from: number, end: number): envelope.UserProperty {
  const reader = new VarintReader(buffer, from, end)
  const result = { name: '', value: '' }
  while (reader.at < end) {
    const tag = reader.next()
    if (tag !== 0x0a && tag !== 0x12) {
      skip(tag, reader)
      continue
    }
    const length = reader.next()
    const at = reader.take(length)
    const text = buffer.toString('utf8', at, at + length)
    if (tag === 0x0a) result.name = text
    else result.value = text
  }
  return result
}

function skip(tag: number, reader: VarintReader): void {
  const wireType = tag & 7
  if (wireType === 0) reader.next()
  else if (wireType === 1) reader.take(8)
  else if (wireType === 2) reader.take(reader.next())
  else if (wireType === 5) reader.take(4)
  else throw new RangeError(`wire type ${wireType} is not known`)
}

import type { PublishPacket } from '@tern/mqtt'
import { envelope } from '@tern/proto'
import type { OutgoingRecord } from '../../ports.ts'
import { envelopeFields } from './connect.ts'

/** Who writes: the connection's number orders its records among all of the client's (rule 2). */
export type Author = Readonly<{
  clientId: string
  connection: envelope.ConnectionNumber
  /** The session incarnation. */
  session: envelope.ConnectionNumber
}>

export function messageRecord(author: Author, topic: string, packet: PublishPacket, nowMs: number): OutgoingRecord {
  const { clientId, connection, session } = author
  const { qos, retain, packetId, payload } = packet
  const record = envelope.Envelope.create(envelopeFields(packet.properties))
  record.clientId = clientId
  record.qos = qos
  record.retain = retain
  record.connection = connection
  record.receiveTimeMs = nowMs
  if (qos === 2) record.qosTwo = { session, packetId }
  return { topic, payload, envelope: record }
}

/** Forgets the exchange in the queue where it is open (rule 3). */
export function releaseRecord({ clientId, connection, session }: Author, packetId: number): OutgoingRecord {
  const fields = { clientId, connection, qosTwo: { session, packetId }, release: true }
  return { topic: null, payload: nothing, envelope: envelope.Envelope.create(fields) }
}

const nothing = new Uint8Array()

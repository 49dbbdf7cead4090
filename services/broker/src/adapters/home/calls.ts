import { envelope, home } from '@tern/proto'
import { encodeMessage } from '@tern/record'
import type { Client, ConnectionNumber, Will } from '../../core/home/client.ts'

/** A will as a record of the messages topic. Its producer name makes every repetition of it void. */
export function willRecord(clientId: string, { connection, stored }: Will): { topic: string; body: Buffer } {
  const will = {
    ...(stored.envelope ?? envelope.Envelope.create({})),
    clientId,
    producer: 0,
    producerName: `will/${clientId}/${connection.epoch}.${connection.counter}`,
    sequence: 1,
    connection,
  }
  return { topic: stored.topic, body: encodeMessage(stored.topic, stored.payload, will) }
}

export function status(id: number, value: home.HomeStatus, reasonCode = 0): home.HomeAnswer {
  return { id, status: value, reasonCode, opened: undefined }
}

export function opened(id: number, client: Client, connection: ConnectionNumber, present: boolean): home.HomeAnswer {
  const { session, cursor, journal } = client
  const answer: home.SessionOpened = {
    connection,
    session: session?.incarnation,
    sessionPresent: present,
    subscriptions: [...(session?.subscriptions ?? [])],
    cursor,
    journal: [...journal.values()],
  }
  return { ...status(id, home.HomeStatus.OK), opened: answer }
}

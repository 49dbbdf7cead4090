import type { envelope } from '@tern/proto'
import type { InFlight } from '../delivery/in-flight.ts'

/** What an id says: the connection that delivered it, its packet id there, and where the message stands. */
export type AckId = Readonly<{ connection: string; packetId: number; queue: number; position: number }>

type Entry = Pick<InFlight, 'packetId' | 'queue' | 'position'>

export const connectionName = ({ epoch, counter }: envelope.ConnectionNumber): string => `${epoch}.${counter}`

/** Names a delivery to whoever has it. Opaque to clients. */
export const ackIdOf = (connection: envelope.ConnectionNumber, { packetId, queue, position }: Entry): string =>
  `${connectionName(connection)}.${packetId}.${queue}-${position}`

/** Undefined: none of ours. */
export function readAckId(ackId: string): AckId | undefined {
  const [, connection, packetId, queue, position] = /^(\d+\.\d+)\.([1-9]\d{0,4})\.(\d+)-(\d+)$/.exec(ackId) ?? []
  if (connection === undefined) return undefined
  return { connection, packetId: Number(packetId), queue: Number(queue), position: Number(position) }
}

export const isOf = ({ queue, position }: AckId, entry: Entry | undefined): boolean =>
  entry?.queue === queue && entry.position === position

import type { envelope } from '@tern/proto'

/** Names a delivery to whoever has it: the connection, and its packet id. Opaque to clients. */
export const ackIdOf = ({ epoch, counter }: envelope.ConnectionNumber, packetId: number): string =>
  `${epoch}.${counter}.${packetId}`

/** Undefined: of another connection, or none of ours. */
export function packetIdOf(ackId: string, connection: envelope.ConnectionNumber): number | undefined {
  const prefix = ackIdOf(connection, 0).slice(0, -1)
  if (!ackId.startsWith(prefix)) return undefined
  const rest = ackId.slice(prefix.length)
  return /^[1-9]\d{0,4}$/.test(rest) ? Number(rest) : undefined
}

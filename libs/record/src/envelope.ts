import { envelope } from '@tern/proto'

export type Envelope = envelope.Envelope

/** The `tern` header of a record. */
export function encodeEnvelope(content: Envelope): Buffer {
  const bytes = envelope.Envelope.encode(content).finish()
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}

/** Throws when the bytes are no envelope. */
export function decodeEnvelope(bytes: Uint8Array): Envelope {
  return envelope.Envelope.decode(bytes)
}

/** An envelope with every field at its default, to be filled by spreading. */
export const emptyEnvelope: Envelope = envelope.Envelope.create({})

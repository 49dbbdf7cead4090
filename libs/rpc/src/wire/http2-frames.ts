/** Frames of HTTP/2 (RFC 9113), as far as one gRPC call on a connection of its own needs them. */
export const frameType = {
  data: 0,
  headers: 1,
  rstStream: 3,
  settings: 4,
  ping: 6,
  goAway: 7,
  windowUpdate: 8,
} as const

export const flag = { endStream: 0x1, ack: 0x1, endHeaders: 0x4, padded: 0x8, priority: 0x20 } as const
export const settingId = { initialWindowSize: 4, maxFrameSize: 5 } as const
export const cancelCode = 8

export const frameHeaderBytes = 9
/** What a peer takes before its SETTINGS say more (RFC 9113, 6.5.2 and 6.9.2). */
export const defaults = { windowBytes: 65_535, frameBytesMax: 16_384 } as const
export const windowBytesMax = 2 ** 31 - 1
/** What we take: a message of more comes in several. */
export const frameBytesMax = 1024 * 1024

export const preface = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n')

/** The peer does not keep to the protocol: the connection ends. */
export class WireError extends Error {}

export type Frame = Readonly<{ type: number; flags: number; stream: number; payload: Buffer }>

export function writeFrameHeader(target: Buffer, length: number, type: number, flags: number, stream: number): void {
  target.writeUIntBE(length, 0, 3)
  target[3] = type
  target[4] = flags
  target.writeUInt32BE(stream, 5)
}

export function frameOf(type: number, flags: number, stream: number, payload: Buffer): Buffer {
  const bytes = Buffer.allocUnsafe(frameHeaderBytes + payload.length)
  writeFrameHeader(bytes, payload.length, type, flags, stream)
  payload.copy(bytes, frameHeaderBytes)
  return bytes
}

export function settingsFrame(settings: readonly (readonly [id: number, value: number])[]): Buffer {
  const payload = Buffer.allocUnsafe(6 * settings.length)
  for (const [i, [id, value]] of settings.entries()) {
    payload.writeUInt16BE(id, 6 * i)
    payload.writeUInt32BE(value, 6 * i + 2)
  }
  return frameOf(frameType.settings, 0, 0, payload)
}

export function* settingsIn(payload: Buffer): Generator<[id: number, value: number]> {
  if (payload.length % 6 !== 0) throw new WireError(`SETTINGS of ${payload.length} bytes came`)
  for (let at = 0; at + 6 <= payload.length; at += 6) yield [payload.readUInt16BE(at), payload.readUInt32BE(at + 2)]
}

export function numberFrame(type: number, stream: number, value: number): Buffer {
  const payload = Buffer.allocUnsafe(4)
  payload.writeUInt32BE(value)
  return frameOf(type, 0, stream, payload)
}

export function numberIn(payload: Buffer): number {
  if (payload.length !== 4) throw new WireError(`a number of ${payload.length} bytes came`)
  return payload.readUInt32BE(0) & 0x7fffffff
}

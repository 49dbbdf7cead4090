import { stringBytesMax } from './topic.ts'

/** The greatest value of a variable byte integer, four bytes long. */
export const varintMax = 268_435_455

export function varintBytes(value: number): number {
  if (value < 0 || value > varintMax) throw new RangeError('a variable byte integer reaches to 268,435,455')
  return value < 0x80 ? 1 : value < 0x4000 ? 2 : value < 0x20_0000 ? 3 : 4
}

/** In its shortest form [MQTT5-1.5.5-1]. Returns where the next field begins, as all of these do. */
export function writeVarint(bytes: Uint8Array, at: number, value: number): number {
  let next = at
  let rest = value
  while (rest >= 0x80) {
    bytes[next++] = (rest & 0x7f) | 0x80
    rest >>>= 7
  }
  bytes[next++] = rest
  return next
}

export function writeUint16(bytes: Uint8Array, at: number, value: number): number {
  bytes[at] = value >>> 8
  bytes[at + 1] = value & 0xff
  return at + 2
}

export function writeUint32(bytes: Uint8Array, at: number, value: number): number {
  bytes[at] = value >>> 24
  bytes[at + 1] = (value >>> 16) & 0xff
  bytes[at + 2] = (value >>> 8) & 0xff
  bytes[at + 3] = value & 0xff
  return at + 4
}

/** A string or binary field: two bytes of length, then the value. */
export function writeField(bytes: Uint8Array, at: number, value: Uint8Array): number {
  writeUint16(bytes, at, value.length)
  bytes.set(value, at + 2)
  return at + 2 + value.length
}

/** The bytes of a string or binary field, refused when its length has no room in two bytes. */
export function fieldValue(value: string | Uint8Array): Uint8Array {
  const bytes = typeof value === 'string' ? Buffer.from(value) : value
  if (bytes.length > stringBytesMax) throw new RangeError(`a field has at most ${stringBytesMax} bytes`)
  return bytes
}

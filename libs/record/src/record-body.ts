import { Reader, varintSize, writeVarint, zigzag } from './varint.ts'

/** A header of a Kafka record. Names are ASCII. */
export type Header = readonly [name: string, value: Uint8Array]

export type Body = Readonly<{
  key: Buffer | null
  value: Buffer | null
  header(name: string): Buffer | undefined
}>

/** Key, value and headers as they stand in a record v2 of Kafka (message format 2, KIP-98), behind the two deltas. */
export function encodeBody(key: Uint8Array | null, value: Uint8Array | null, headers: readonly Header[]): Buffer {
  let size = fieldSize(key) + fieldSize(value) + varintSize(zigzag(headers.length))
  for (const [name, content] of headers) size += varintSize(name.length * 2) + name.length + fieldSize(content)
  const body = Buffer.allocUnsafe(size)
  let at = writeField(body, 0, key)
  at = writeField(body, at, value)
  at = writeVarint(body, at, headers.length * 2)
  for (const [name, content] of headers) {
    at = writeVarint(body, at, name.length * 2)
    at += body.write(name, at, 'latin1')
    at = writeField(body, at, content)
  }
  return body
}

const fieldSize = (field: Uint8Array | null): number =>
  field === null ? 1 : varintSize(field.length * 2) + field.length

function writeField(target: Buffer, at: number, field: Uint8Array | null): number {
  // A null field has the length -1, whose zigzag form is 1.
  if (field === null) return writeVarint(target, at, 1)
  const from = writeVarint(target, at, field.length * 2)
  target.set(field, from)
  return from + field.length
}

/** Views of a body's fields. Throws a RangeError when it is not whole. */
export function readBody(buffer: Buffer, offset = 0, end = buffer.length): Body {
  const reader = new Reader(buffer, offset, end)
  const key = readField(reader)
  const value = readField(reader)
  const headersAt = reader.offset
  return { key, value, header: (name) => findHeader(buffer, headersAt, end, name) }
}

function readField(reader: Reader): Buffer | null {
  const length = reader.signed()
  return length < 0 ? null : reader.bytes(length)
}

function findHeader(buffer: Buffer, offset: number, end: number, name: string): Buffer | undefined {
  const reader = new Reader(buffer, offset, end)
  for (let left = reader.signed(); left > 0; left--) {
    const found = reader.bytes(reader.signed())
    const value = readField(reader)
    if (found.length === name.length && found.toString('latin1') === name) return value ?? undefined
  }
  return undefined
}

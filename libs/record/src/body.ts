import { VarintReader, varintSize, writeVarint, zigzag } from './varint.ts'

/** What follows the two deltas in Kafka's record v2. Views of the buffer it was read from. */
export type Body = Readonly<{
  key: Buffer | null
  value: Buffer | null
  header(name: string): Buffer | undefined
}>

export function encodeBody(
  key: Uint8Array | null,
  value: Uint8Array | null,
  headers: readonly [name: string, value: Uint8Array][],
): Buffer {
  let size = fieldSize(key) + fieldSize(value) + varintSize(zigzag(headers.length))
  for (const [name, content] of headers) {
    const nameBytes = Buffer.byteLength(name)
    size += varintSize(2 * nameBytes) + nameBytes + fieldSize(content)
  }
  const body = Buffer.allocUnsafe(size)
  let at = writeField(body, 0, key)
  at = writeField(body, at, value)
  at = writeVarint(body, at, zigzag(headers.length))
  for (const [name, content] of headers) {
    at = writeVarint(body, at, 2 * Buffer.byteLength(name))
    at += body.write(name, at)
    at = writeField(body, at, content)
  }
  return body
}

/** Reads the body in buffer[offset, end). Headers are looked at only when asked for. */
export function readBody(buffer: Buffer, offset: number, end: number): Body {
  const reader = new VarintReader(buffer, offset, end)
  const key = readField(buffer, reader)
  const value = readField(buffer, reader)
  const headersAt = reader.at
  return { key, value, header: (name) => findHeader(buffer, headersAt, end, name) }
}

function findHeader(buffer: Buffer, at: number, end: number, name: string): Buffer | undefined {
  const reader = new VarintReader(buffer, at, end)
  for (let left = reader.signed(); left > 0; left--) {
    const length = reader.signed()
    const from = reader.take(length)
    const found = buffer.toString('utf8', from, from + length) === name
    const content = readField(buffer, reader)
    if (found) return content ?? undefined
  }
  return undefined
}

const fieldSize = (field: Uint8Array | null): number =>
  field === null ? 1 : varintSize(2 * field.length) + field.length

function writeField(body: Buffer, at: number, field: Uint8Array | null): number {
  if (field === null) return writeVarint(body, at, zigzag(-1))
  const from = writeVarint(body, at, 2 * field.length)
  body.set(field, from)
  return from + field.length
}

function readField(buffer: Buffer, reader: VarintReader): Buffer | null {
  const length = reader.signed()
  if (length < 0) return null
  const from = reader.take(length)
  return buffer.subarray(from, from + length)
}

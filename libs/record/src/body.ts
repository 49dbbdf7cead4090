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

/** The key as text, where that is all that is wanted: nothing else is taken apart. */
export function keyText(body: Buffer): string | undefined {
  const reader = new VarintReader(body, 0, body.length)
  const length = reader.signed()
  if (length < 0) return undefined
  const from = reader.take(length)
  return body.toString('utf8', from, from + length)
}

function findHeader(buffer: Buffer, at: number, end: number, name: string): Buffer | undefined {
  const content = headerIn(buffer, new VarintReader(buffer, at, end), name)
  return content && buffer.subarray(content.at, content.end)
}

/** The content of the header, as the reader comes to it, which is at the headers; undefined when there is none, or it has no content. */
export function headerIn(buffer: Buffer, reader: VarintReader, name: string): VarintReader | undefined {
  for (let left = reader.signed(); left > 0; left--) {
    const nameBytes = reader.signed()
    const nameAt = reader.take(nameBytes)
    const length = reader.signed()
    const from = length > 0 ? reader.take(length) : reader.at
    if (!isText(buffer, nameAt, nameBytes, name)) continue
    return length < 0 ? undefined : new VarintReader(buffer, from, from + length)
  }
  return undefined
}

/** Of a text in ASCII. */
function isText(buffer: Buffer, from: number, bytes: number, text: string): boolean {
  if (bytes !== text.length) return false
  for (let i = 0; i < bytes; i++) if (buffer[from + i] !== text.charCodeAt(i)) return false
  return true
}

export const fieldSize = (field: Uint8Array | null): number =>
  field === null ? 1 : varintSize(2 * field.length) + field.length

export function writeField(body: Buffer, at: number, field: Uint8Array | null): number {
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

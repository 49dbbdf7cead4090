export type Header = readonly [name: string, value: string]

/** A header block of literals that no table keeps and no Huffman code shortens (RFC 7541, 6.2.2): any HTTP/2 peer reads it. */
export function encodeHeaders(headers: readonly Header[]): Buffer {
  const parts: Buffer[] = []
  for (const [name, value] of headers) parts.push(literal, ...text(name), ...text(value))
  return Buffer.concat(parts)
}

/** Reads what `encodeHeaders` wrote; undefined when the peer encodes in other ways, which are not needed here. */
export function decodeHeaders(block: Buffer): Map<string, string> | undefined {
  const headers = new Map<string, string>()
  let at = 0
  const next = (): string | undefined => {
    const first = block[at++]
    if (first === undefined || first >= 0x80) return undefined
    let length = first
    if (first === 0x7f) {
      let shift = 0
      let byte: number
      do {
        byte = block[at++] ?? 0
        length += (byte & 0x7f) * 2 ** shift
        shift += 7
      } while (byte >= 0x80 && shift < 28)
    }
    if (at + length > block.length) return undefined
    at += length
    return block.toString('latin1', at - length, at)
  }
  while (at < block.length) {
    if (block[at++] !== 0) return undefined
    const name = next()
    const value = next()
    if (name === undefined || value === undefined) return undefined
    headers.set(name, value)
  }
  return headers
}

const literal = Buffer.from([0])

function text(value: string): [length: Buffer, bytes: Buffer] {
  const bytes = Buffer.from(value, 'latin1')
  if (bytes.length < 0x7f) return [Buffer.from([bytes.length]), bytes]
  const length = [0x7f]
  let rest = bytes.length - 0x7f
  for (; rest >= 0x80; rest = Math.floor(rest / 128)) length.push((rest % 128) | 0x80)
  return [Buffer.from([...length, rest]), bytes]
}

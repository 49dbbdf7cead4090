/** CRC-32C (Castagnoli), eight bytes a step: the checksum of Kafka's record batches. */
const table = buildTable()

/** The checksum of buffer[from, to). */
export function crc32c(buffer: Uint8Array, from = 0, to = buffer.length): number {
  const t = table
  let crc = -1
  let at = from
  for (const wideEnd = to - 7; at < wideEnd; at += 8) {
    const low =
      crc ^
      ((buffer[at] as number) |
        ((buffer[at + 1] as number) << 8) |
        ((buffer[at + 2] as number) << 16) |
        ((buffer[at + 3] as number) << 24))
    crc =
      (t[1792 + (low & 0xff)] as number) ^
      (t[1536 + ((low >>> 8) & 0xff)] as number) ^
      (t[1280 + ((low >>> 16) & 0xff)] as number) ^
      (t[1024 + (low >>> 24)] as number) ^
      (t[768 + (buffer[at + 4] as number)] as number) ^
      (t[512 + (buffer[at + 5] as number)] as number) ^
      (t[256 + (buffer[at + 6] as number)] as number) ^
      (t[buffer[at + 7] as number] as number)
  }
  for (; at < to; at++) crc = (crc >>> 8) ^ (t[(crc ^ (buffer[at] as number)) & 0xff] as number)
  return ~crc >>> 0
}

function buildTable(): Int32Array {
  const tables = new Int32Array(8 * 256)
  for (let byte = 0; byte < 256; byte++) {
    let crc = byte
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1
    tables[byte] = crc
  }
  for (let at = 256; at < tables.length; at++) {
    const shorter = tables[at - 256] as number
    tables[at] = (shorter >>> 8) ^ (tables[shorter & 0xff] as number)
  }
  return tables
}

/** Whether buffer[from, to) is well-formed UTF-8: shortest forms, no surrogates, nothing above U+10FFFF [MQTT5-1.5.4-1]. */
export function isUtf8(buffer: Uint8Array, from: number, to: number): boolean {
  let at = from
  while (at < to) {
    if ((buffer[at] as number) < 0x80) {
      at++
      continue
    }
    const length = sequenceLength(buffer, at, to)
    if (length === 0) return false
    at += length
  }
  return true
}

/** The bytes of the non-ASCII character at `at`, 0 when it is none (Unicode 3.9, table 3-7). */
function sequenceLength(buffer: Uint8Array, at: number, to: number): number {
  const lead = buffer[at] as number
  if (lead < 0xc2 || lead > 0xf4) return 0
  const length = lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4
  if (at + length > to) return 0
  const second = buffer[at + 1] as number
  const lowest = lead === 0xe0 ? 0xa0 : lead === 0xf0 ? 0x90 : 0x80
  const highest = lead === 0xed ? 0x9f : lead === 0xf4 ? 0x8f : 0xbf
  if (second < lowest || second > highest) return 0
  for (let i = at + 2; i < at + length; i++) if (((buffer[i] as number) & 0xc0) !== 0x80) return 0
  return length
}

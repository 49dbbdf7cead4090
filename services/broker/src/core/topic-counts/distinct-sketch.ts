const indexBits = 10
const registersCount = 1 << indexBits

/** About how many different texts were met: a HyperLogLog of 1 KiB, within some 3 %. Those of several queues are merged by their greater registers. */
export class DistinctSketch {
  readonly registers = new Uint8Array(registersCount)

  add(text: string): void {
    const hash = hashOf(text)
    const index = hash >>> (32 - indexBits)
    const rest = (hash << indexBits) >>> 0
    const rank = rest === 0 ? 32 - indexBits + 1 : Math.clz32(rest) + 1
    if (rank > (this.registers[index] as number)) this.registers[index] = rank
  }
}

/** FNV-1a, its bits spread by the last step of murmur3. */
function hashOf(text: string): number {
  let h = 0x811c9dc5 | 0
  for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 0x01000193)
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b)
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35)
  return (h ^ (h >>> 16)) >>> 0
}

const bitsPerHash = 16
const probesPerHash = 6
const wordsMin = 8

/** A Bloom filter: never a false no, and a false yes for about one in a thousand, so that sessions of hundreds of filters are narrow, too. */
export class HashSet {
  private readonly words: Uint32Array

  constructor(hashes: ReadonlySet<number>) {
    const words = Math.ceil((hashes.size * bitsPerHash) / 32)
    this.words = new Uint32Array(words === 0 ? 0 : Math.max(wordsMin, words))
    for (const hash of hashes) this.add(hash)
  }

  get bytes(): number {
    return this.words.byteLength
  }

  has(hash: number): boolean {
    if (this.words.length === 0) return false
    const bits = this.words.length * 32
    const step = mixed(~hash)
    let at = mixed(hash)
    for (let probe = 0; probe < probesPerHash; probe++) {
      const bit = at % bits
      if (((this.words[bit >>> 5] as number) & (1 << (bit & 31))) === 0) return false
      at = (at + step) >>> 0
    }
    return true
  }

  private add(hash: number): void {
    const bits = this.words.length * 32
    const step = mixed(~hash)
    let at = mixed(hash)
    for (let probe = 0; probe < probesPerHash; probe++) {
      const bit = at % bits
      this.words[bit >>> 5] = (this.words[bit >>> 5] as number) | (1 << (bit & 31))
      at = (at + step) >>> 0
    }
  }
}

/** FNV leaves its upper bits alike for short texts; the last step of murmur3 spreads them. */
function mixed(hash: number): number {
  let h = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35)
  return (h ^ (h >>> 16)) >>> 0
}

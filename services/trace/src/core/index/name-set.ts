const bitsPerHash = 12
const bitsMin = 256
const bitsMax = 1 << 20
const marksPerHash = 4

/** A set that may say yes wrongly (about one time in a hundred), never no: of twelve bits or more for each hash four are set. */
export class HashedSet {
  private words: Uint32Array

  constructor(hashes: ReadonlySet<number>) {
    let bits = bitsMin
    while (bits < bitsMax && bits < hashes.size * bitsPerHash) bits *= 2
    this.words = new Uint32Array(bits / 32)
    for (const hash of hashes) this.set(hash)
  }

  get bytes(): number {
    return this.words.byteLength
  }

  has(hash: number): boolean {
    const step = stepOf(hash)
    for (let mark = 0, at = hash; mark < marksPerHash; mark++, at += step) if (!this.isSet(at)) return false
    return true
  }

  /** Sizes are powers of two, so that the smaller one stands in the larger one as often as it fits. */
  addAll({ words }: HashedSet): void {
    if (words.length > this.words.length) {
      const larger = new Uint32Array(words.length)
      for (let at = 0; at < larger.length; at += this.words.length) larger.set(this.words, at)
      this.words = larger
    }
    for (let at = 0; at < this.words.length; at++) this.words[at]! |= words[at % words.length]!
  }

  private set(hash: number): void {
    const step = stepOf(hash)
    for (let mark = 0, at = hash; mark < marksPerHash; mark++, at += step) {
      const bit = this.bitOf(at)
      this.words[bit >>> 5]! |= 1 << (bit & 31)
    }
  }

  private isSet(at: number): boolean {
    const bit = this.bitOf(at)
    return (this.words[bit >>> 5]! & (1 << (bit & 31))) !== 0
  }

  /** The number of bits is a power of two. */
  private bitOf(at: number): number {
    return (at & (this.words.length * 32 - 1)) >>> 0
  }
}

/** How far apart the bits of a hash are: odd, so that they differ however few there are. */
const stepOf = (hash: number): number => (Math.imul((hash >>> 15) ^ hash, 0x2c1b3c6d) >>> 7) | 1

const bitsPerHash = 10
const bitsMin = 256
const bitsMax = 1 << 20

/** A set that may say yes wrongly (about one time in thirty), never no: two of ten bits for each hash. */
export class HashedSet {
  private words: Uint32Array

  constructor(hashes: ReadonlySet<number>) {
    let bits = bitsMin
    while (bits < bitsMax && bits < hashes.size * bitsPerHash) bits *= 2
    this.words = new Uint32Array(bits / 32)
    for (const hash of hashes) {
      this.set(hash)
      this.set(spread(hash))
    }
  }

  get bytes(): number {
    return this.words.byteLength
  }

  has(hash: number): boolean {
    return this.isSet(hash) && this.isSet(spread(hash))
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
    const bit = this.bitOf(hash)
    this.words[bit >>> 5]! |= 1 << (bit & 31)
  }

  private isSet(hash: number): boolean {
    const bit = this.bitOf(hash)
    return (this.words[bit >>> 5]! & (1 << (bit & 31))) !== 0
  }

  private bitOf(hash: number): number {
    return (hash >>> 0) % (this.words.length * 32)
  }
}

/** Another hash from a hash. */
const spread = (hash: number): number => Math.imul((hash >>> 15) ^ hash, 0x2c1b3c6d) >>> 7

/** A set that may say yes wrongly, never no: two bits of `bits` for each hash. */
export class HashedSet {
  private readonly words: Uint32Array

  /** `bits`: a power of two. */
  constructor(bits: number) {
    this.words = new Uint32Array(bits / 32)
  }

  add(hash: number): void {
    this.set(hash)
    this.set(spread(hash))
  }

  has(hash: number): boolean {
    return this.isSet(hash) && this.isSet(spread(hash))
  }

  addAll(other: HashedSet): void {
    for (const [i, word] of other.words.entries()) this.words[i] = this.words[i]! | word
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

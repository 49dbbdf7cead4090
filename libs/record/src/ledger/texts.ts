import { nameHash, nameHashOfBytes } from './entry.ts'

/** Strings that stand in a block one after the other: decoded when they are asked for, and only then. */
export class Texts {
  private readonly bytes: Buffer
  /** Where each begins and ends. */
  private readonly bounds: readonly number[]
  private readonly known: string[] = []

  constructor(bytes: Buffer, bounds: readonly number[]) {
    this.bytes = bytes
    this.bounds = bounds
  }

  get count(): number {
    return this.bounds.length / 2
  }

  at(ref: number): string {
    const known = this.known[ref]
    if (known !== undefined) return known
    if (ref >= this.count) throw new RangeError(`there is no string ${ref} in the block`)
    const text = this.bytes.toString('utf8', this.bounds[2 * ref], this.bounds[2 * ref + 1])
    this.known[ref] = text
    return text
  }

  /** `nameHash` of it. */
  hashAt(ref: number): number {
    return nameHashOfBytes(this.bytes, this.bounds[2 * ref]!, this.bounds[2 * ref + 1]!) ?? nameHash(this.at(ref))
  }

  /** `nameHash` of each. */
  hashes(): number[] {
    return Array.from({ length: this.count }, (_, ref) => this.hashAt(ref))
  }
}

const blockKeysMax = 512

/** Strings in order, in blocks: adding one moves the keys of a block, not all. Never two equal ones. */
export class SortedKeys {
  private readonly blocks: string[][] = []
  private count = 0

  get size(): number {
    return this.count
  }

  add(key: string): void {
    const index = Math.max(0, this.blockOf(key))
    const block = this.blocks[index]
    if (block === undefined) {
      this.blocks.push([key])
      this.count++
      return
    }
    const at = lowerBound(block, key)
    if (block[at] === key) return
    block.splice(at, 0, key)
    this.count++
    if (block.length > blockKeysMax) this.blocks.splice(index + 1, 0, block.splice(blockKeysMax >> 1))
  }

  delete(key: string): void {
    const index = this.blockOf(key)
    const block = this.blocks[index]
    if (block === undefined) return
    const at = lowerBound(block, key)
    if (block[at] !== key) return
    block.splice(at, 1)
    this.count--
    if (block.length === 0) this.blocks.splice(index, 1)
  }

  /** The first key that is not below `bound`. */
  from(bound: string): string | undefined {
    const index = Math.max(0, this.blockOf(bound))
    const block = this.blocks[index]
    if (block === undefined) return undefined
    return block[lowerBound(block, bound)] ?? this.blocks[index + 1]?.[0]
  }

  /** The block in which the key is or would be: the last one that does not begin above it; -1 when all do. */
  private blockOf(key: string): number {
    let low = 0
    let high = this.blocks.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((this.blocks[middle]?.[0] as string) <= key) low = middle + 1
      else high = middle
    }
    return low - 1
  }
}

function lowerBound(keys: readonly string[], bound: string): number {
  let low = 0
  let high = keys.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((keys[middle] as string) < bound) low = middle + 1
    else high = middle
  }
  return low
}

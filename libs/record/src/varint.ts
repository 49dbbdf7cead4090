/** Varints of whole numbers up to 2^53. Those that fit 31 bits take the short way: shifts instead of divisions. */
const shortMax = 0x7fff_ffff

export function varintSize(value: number): number {
  let size = 1
  let rest = value
  while (rest >= 0x80) {
    rest = rest <= shortMax ? rest >>> 7 : Math.floor(rest / 0x80)
    size++
  }
  return size
}

/** Writes at `at` and returns the position after it. */
export function writeVarint(buffer: Uint8Array, at: number, value: number): number {
  let rest = value
  let end = at
  while (rest > shortMax) {
    buffer[end++] = (rest % 0x80) | 0x80
    rest = Math.floor(rest / 0x80)
  }
  while (rest >= 0x80) {
    buffer[end++] = (rest & 0x7f) | 0x80
    rest >>>= 7
  }
  buffer[end++] = rest
  return end
}

/** Zigzag, so that small negative numbers are short too. Exact up to 2^52. */
export const zigzag = (value: number): number => (value < 0 ? -2 * value - 1 : 2 * value)
const unzigzag = (coded: number): number => (coded % 2 === 0 ? coded / 2 : -(coded + 1) / 2)

/** Reads varints one after the other from buffer[at, end); what would lie beyond the end is a RangeError. */
export class VarintReader {
  at: number
  readonly buffer: Uint8Array
  readonly end: number

  constructor(buffer: Uint8Array, at: number, end: number) {
    this.buffer = buffer
    this.at = at
    this.end = end
  }

  next(): number {
    const first = this.at < this.end ? (this.buffer[this.at] as number) : 0x80
    if (first < 0x80) {
      this.at++
      return first
    }
    return this.long()
  }

  signed(): number {
    return unzigzag(this.next())
  }

  /** Steps over `length` bytes and returns where they began. */
  take(length: number): number {
    const from = this.at
    if (length < 0 || from + length > this.end) throw new RangeError('a length reaches beyond the end')
    this.at = from + length
    return from
  }

  private long(): number {
    let value = 0
    let scale = 1
    while (this.at < this.end) {
      const byte = this.buffer[this.at++] as number
      value += (byte & 0x7f) * scale
      if (byte < 0x80) {
        if (value > Number.MAX_SAFE_INTEGER) throw new RangeError('a number is above 2^53')
        return value
      }
      scale *= 0x80
    }
    throw new RangeError('a number is cut off')
  }
}

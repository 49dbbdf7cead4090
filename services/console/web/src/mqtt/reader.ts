/** Reads fields of one packet; throws when there are fewer bytes than they need. */
export class Reader {
  readonly #bytes: Uint8Array
  #at = 0

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
  }

  get left(): number {
    return this.#bytes.length - this.#at
  }

  byte(): number {
    const value = this.#bytes[this.#at++]
    if (value === undefined) throw new Error('the packet is shorter than it says')
    return value
  }

  word(): number {
    return this.byte() * 256 + this.byte()
  }

  long(): number {
    return this.word() * 65_536 + this.word()
  }

  variable(): number {
    let value = 0
    for (let shift = 0; shift < 28; shift += 7) {
      const byte = this.byte()
      value += (byte & 127) * 2 ** shift
      if (byte < 128) return value
    }
    throw new Error('a length has more than four bytes')
  }

  take(length: number): Uint8Array {
    if (length > this.left) throw new Error('the packet is shorter than it says')
    const part = this.#bytes.subarray(this.#at, this.#at + length)
    this.#at += length
    return part
  }

  binary = (): Uint8Array => this.take(this.word())

  text = (): string => new TextDecoder().decode(this.binary())
}

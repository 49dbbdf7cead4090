/** Fields of MQTT 5 (1.5), one after another. */
export class Writer {
  readonly #bytes: number[] = []

  byte(value: number): this {
    this.#bytes.push(value & 0xff)
    return this
  }

  word(value: number): this {
    return this.byte(value >> 8).byte(value)
  }

  long(value: number): this {
    return this.word(value >>> 16).word(value & 0xffff)
  }

  variable(value: number): this {
    let rest = value
    while (rest > 127) {
      this.byte((rest & 127) | 128)
      rest >>>= 7
    }
    return this.byte(rest)
  }

  raw(bytes: ArrayLike<number>): this {
    for (let i = 0; i < bytes.length; i++) this.#bytes.push(bytes[i] ?? 0)
    return this
  }

  text(value: string): this {
    return this.binary(new TextEncoder().encode(value))
  }

  binary(value: Uint8Array): this {
    return this.word(value.length).raw(value)
  }

  /** With its length before it. */
  counted(part: Writer): this {
    return this.variable(part.#bytes.length).raw(part.#bytes)
  }

  bytes(): Uint8Array<ArrayBuffer> {
    return Uint8Array.from(this.#bytes)
  }
}

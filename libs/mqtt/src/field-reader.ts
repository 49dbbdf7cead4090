import { malformed, violation } from './protocol-error.ts'
import { isUtf8 } from './utf8.ts'

/**
 * Reads the fields of one packet from buffer[at, end); whatever would lie beyond the end makes it malformed. One reader
 * serves all packets of a connection, so that reading a packet makes no object but the packet.
 */
export class FieldReader {
  buffer: Buffer
  at: number
  end: number

  constructor(buffer: Buffer, at: number, end: number) {
    this.buffer = buffer
    this.at = at
    this.end = end
  }

  reset(buffer: Buffer, at: number, end: number): void {
    this.buffer = buffer
    this.at = at
    this.end = end
  }

  get remaining(): number {
    return this.end - this.at
  }

  byte(): number {
    return this.buffer[this.take(1)] as number
  }

  uint16(): number {
    const at = this.take(2)
    return ((this.buffer[at] as number) << 8) | (this.buffer[at + 1] as number)
  }

  uint32(): number {
    return this.buffer.readUInt32BE(this.take(4))
  }

  /** A variable byte integer, in its shortest form only [MQTT5-1.5.5-1]. */
  varint(): number {
    let value = 0
    for (let shift = 0; shift < 28; shift += 7) {
      const byte = this.byte()
      value |= (byte & 0x7f) << shift
      if (byte < 0x80) {
        if (byte === 0 && shift > 0) throw malformed('a variable byte integer is longer than it need be')
        return value
      }
    }
    throw malformed('a variable byte integer is longer than four bytes')
  }

  /** Zero is no packet identifier [MQTT5-2.2.1-3]. */
  packetId(): number {
    const id = this.uint16()
    if (id === 0) throw violation('a packet identifier is zero')
    return id
  }

  /** A view, not a copy. */
  binary(): Buffer {
    const length = this.uint16()
    const from = this.take(length)
    return this.buffer.subarray(from, from + length)
  }

  /**
   * U+0000 and bytes that are not UTF-8 are refused [MQTT5-1.5.4-1] [MQTT5-1.5.4-2]. Other control characters and
   * non-characters, which the standard leaves to the receiver, are accepted, and a leading U+FEFF stays [MQTT5-1.5.4-3].
   */
  string(): string {
    const length = this.uint16()
    const from = this.take(length)
    return stringAt(this.buffer, from, from + length)
  }

  /** All that is left, as a view. */
  rest(): Buffer {
    const from = this.at
    this.at = this.end
    return this.buffer.subarray(from, this.end)
  }

  /** Ends the fields after the next `length` bytes; returns the end to go back to with `widen`. */
  narrow(length: number): number {
    const outerEnd = this.end
    const from = this.take(length)
    this.at = from
    this.end = from + length
    return outerEnd
  }

  widen(outerEnd: number): void {
    this.end = outerEnd
  }

  finish(): void {
    if (this.at !== this.end) throw malformed('bytes follow the last field')
  }

  private take(length: number): number {
    const from = this.at
    if (length > this.end - from) throw malformed('a field reaches beyond the end of its packet')
    this.at = from + length
    return from
  }
}

function stringAt(buffer: Buffer, from: number, to: number): string {
  let bits = 0
  for (let at = from; at < to; at++) {
    const byte = buffer[at] as number
    if (byte === 0) throw malformed('a string holds U+0000')
    bits |= byte
  }
  if (bits < 0x80) return buffer.toString('latin1', from, to)
  if (!isUtf8(buffer, from, to)) throw malformed('a string is not UTF-8')
  return buffer.toString('utf8', from, to)
}

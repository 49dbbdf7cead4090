import { randomBytes } from 'node:crypto'
import { connect, type Socket } from 'node:net'

type FrameOptions = Readonly<{ final?: boolean; masked?: boolean; reserved?: number; length?: bigint }>

/** A frame of RFC 6455, section 5.2, as right or wrong as asked. */
export function webSocketFrame(opcode: number, payload: Uint8Array, options: FrameOptions = {}): Buffer {
  const { final = true, masked = true, reserved = 0, length = BigInt(payload.length) } = options
  const first = (final ? 0x80 : 0) | (reserved << 4) | opcode
  const head = Buffer.alloc(length < 126n ? 2 : 10)
  head[0] = first
  head[1] = (masked ? 0x80 : 0) | (length < 126n ? Number(length) : 127)
  if (length >= 126n) head.writeBigUInt64BE(length, 2)
  if (!masked) return Buffer.concat([head, payload])
  const mask = randomBytes(4)
  const body = Buffer.from(payload).map((byte, i) => byte ^ (mask[i % 4] as number))
  return Buffer.concat([head, mask, body])
}

/** A WebSocket client that sends what it is told. Servers do not mask, so that reading is simple. */
export class RawWebSocket {
  /** Of the answer to the handshake. */
  head = ''
  isClosed = false
  readonly socket: Socket
  private bytes = Buffer.alloc(0)
  private readonly waiting: (() => void)[] = []

  constructor(address: string) {
    const at = address.lastIndexOf(':')
    this.socket = connect({ host: address.slice(0, at), port: Number(address.slice(at + 1)), noDelay: true })
    this.socket.on('data', (chunk) => {
      this.bytes = Buffer.concat([this.bytes, chunk])
      this.wake()
    })
    this.socket.on('error', () => {})
    this.socket.on('close', () => {
      this.isClosed = true
      this.wake()
    })
  }

  /** Sends a handshake with these headers besides those that must be there; resolves with the status code, 0 when there is none. */
  async upgrade(headers: readonly string[] = ['Sec-WebSocket-Protocol: mqtt'], path = '/mqtt'): Promise<number> {
    const key = randomBytes(16).toString('base64')
    const fixed = ['Host: x', 'Connection: Upgrade', 'Upgrade: websocket', 'Sec-WebSocket-Version: 13']
    const lines = [`GET ${path} HTTP/1.1`, ...fixed, `Sec-WebSocket-Key: ${key}`, ...headers]
    this.socket.write(`${lines.join('\r\n')}\r\n\r\n`)
    for (;;) {
      const end = this.bytes.indexOf('\r\n\r\n')
      if (end >= 0) {
        this.head = this.bytes.subarray(0, end).toString('latin1')
        this.bytes = this.bytes.subarray(end + 4)
        return Number(this.head.split(' ')[1])
      }
      if (this.isClosed) return 0
      await this.more()
    }
  }

  send(opcode: number, payload: Uint8Array, options?: FrameOptions): void {
    this.socket.write(webSocketFrame(opcode, payload, options))
  }

  /** The next frame; undefined when the socket closes without one. */
  async next(): Promise<Readonly<{ opcode: number; payload: Buffer }> | undefined> {
    for (;;) {
      const short = (this.bytes[1] ?? 0) & 0x7f
      const at = short === 126 ? 4 : 2
      const length = short === 126 && this.bytes.length >= 4 ? this.bytes.readUInt16BE(2) : short
      if (this.bytes.length >= at + length && this.bytes.length >= 2) {
        const frame = { opcode: (this.bytes[0] ?? 0) & 0x0f, payload: this.bytes.subarray(at, at + length) }
        this.bytes = this.bytes.subarray(at + length)
        return frame
      }
      if (this.isClosed) return undefined
      await this.more()
    }
  }

  /** The code of the Close frame, 0 when the socket just closed. */
  async closed(): Promise<number> {
    for (;;) {
      const frame = await this.next()
      if (frame === undefined) return 0
      if (frame.opcode === 8) return frame.payload.length >= 2 ? frame.payload.readUInt16BE(0) : 1005
    }
  }

  private more(): Promise<void> {
    return new Promise((resolve) => void this.waiting.push(resolve))
  }

  private wake(): void {
    for (const resolve of this.waiting.splice(0)) resolve()
  }
}

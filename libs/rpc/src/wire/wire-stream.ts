import type { Socket } from 'node:net'
import { frameBytesMax as messageBytesMax } from '../options.ts'
import { FrameReader } from './frame-reader.ts'
import { decodeHeaders, encodeHeaders, type Header } from './header-block.ts'
import {
  cancelCode,
  type Frame,
  flag,
  frameBytesMax,
  frameOf,
  frameType,
  numberFrame,
  numberIn,
  settingId,
  settingsFrame,
  settingsIn,
  WireError,
  windowBytesMax,
} from './http2-frames.ts'
import { MessageReader } from './message-reader.ts'
import { contentOf, SendWindow } from './send-window.ts'

/** Of the only call on the connection. */
const stream = 1
/** The windows are as large as they can be; so many bytes are given back together. */
const creditBytes = 64 * 1024 * 1024

export type WireListener = Readonly<{
  headers(headers: ReadonlyMap<string, string>, last: boolean): void
  message(message: Buffer): void
  /** Called once. */
  closed(reason: string): void
}>

/** What either end says first: windows and frames as large as they can be. `marks`: further settings. */
export function greeting(marks: readonly (readonly [number, number])[] = []): Buffer {
  const settings = [
    ...marks,
    [settingId.initialWindowSize, windowBytesMax],
    [settingId.maxFrameSize, frameBytesMax],
  ] as const
  return Buffer.concat([settingsFrame(settings), numberFrame(frameType.windowUpdate, 0, windowBytesMax - 65_535)])
}

/** One gRPC call on an HTTP/2 connection of its own. */
export class WireStream {
  private readonly socket: Socket
  private readonly frames = new FrameReader(frameBytesMax)
  private readonly messages = new MessageReader(messageBytesMax)
  private readonly window: SendWindow
  private listener: WireListener | undefined
  private uncredited = 0
  private over = false

  constructor(socket: Socket) {
    this.socket = socket
    this.window = new SendWindow(stream, (bytes) => socket.write(bytes))
    socket.on('data', (chunk: Buffer) => this.read(chunk))
    socket.on('close', () => this.finish('the connection is gone'))
    socket.on('error', (error) => this.finish(error.message))
  }

  /** Takes the place of an earlier listener. */
  listen(listener: WireListener): void {
    this.listener = listener
  }

  /** Also what had been read of the socket before this was made. */
  read(chunk: Buffer): void {
    this.frames.push(chunk)
    try {
      for (let frame = this.frames.next(); frame !== undefined && !this.over; frame = this.frames.next())
        this.take(frame)
    } catch (error) {
      if (!(error instanceof WireError)) throw error
      this.fail(error.message)
    }
  }

  /** What came cannot be understood. */
  fail(reason: string): void {
    this.finish(reason)
    this.socket.destroy()
  }

  send(message: Buffer): void {
    if (this.over) return
    this.socket.cork()
    this.window.message(message)
    this.socket.uncork()
  }

  sendHeaders(headers: readonly Header[], last: boolean): void {
    const flags = flag.endHeaders | (last ? flag.endStream : 0)
    this.socket.write(frameOf(frameType.headers, flags, stream, encodeHeaders(headers)))
  }

  /** Says the last words and closes. */
  end(trailers?: readonly Header[]): void {
    if (this.over) return
    this.over = true
    if (trailers !== undefined) this.sendHeaders(trailers, true)
    else this.socket.write(numberFrame(frameType.rstStream, stream, cancelCode))
    this.socket.destroySoon()
  }

  private take({ type, flags, payload, stream: of }: Frame): void {
    switch (type) {
      case frameType.data:
        this.data(contentOf(flags, payload, false), payload.length, flags)
        return
      case frameType.headers: {
        const last = (flags & flag.endStream) !== 0
        this.listener?.headers(decodeHeaders(contentOf(flags, payload, true)) ?? new Map(), last)
        if (last) this.finish('ended by the other side')
        return
      }
      case frameType.settings:
        if ((flags & flag.ack) === 0) this.settings(payload)
        return
      case frameType.ping:
        if ((flags & flag.ack) === 0) this.socket.write(frameOf(frameType.ping, flag.ack, 0, payload))
        return
      case frameType.windowUpdate:
        this.window.grow(of, numberIn(payload))
        return
      case frameType.rstStream:
        this.finish('cancelled by the other side')
        return
      case frameType.goAway:
        this.finish('the other side goes away')
        return
      default:
      // Frames of other types are for extensions, and are ignored (RFC 9113, 4.1).
    }
  }

  private data(content: Buffer, frameBytes: number, flags: number): void {
    this.uncredited += frameBytes
    if (this.uncredited >= creditBytes) {
      this.socket.write(numberFrame(frameType.windowUpdate, 0, this.uncredited))
      this.socket.write(numberFrame(frameType.windowUpdate, stream, this.uncredited))
      this.uncredited = 0
    }
    this.messages.push(content)
    for (let message = this.messages.next(); message !== undefined && !this.over; message = this.messages.next())
      this.listener?.message(message)
    if ((flags & flag.endStream) !== 0) this.finish('ended by the other side')
  }

  private settings(payload: Buffer): void {
    for (const [id, value] of settingsIn(payload)) {
      if (id === settingId.initialWindowSize) this.window.initialWindow(value)
      else if (id === settingId.maxFrameSize) this.window.frameMax(value)
    }
    this.socket.write(frameOf(frameType.settings, flag.ack, 0, Buffer.alloc(0)))
  }

  private finish(reason: string): void {
    if (this.over) return
    this.over = true
    this.listener?.closed(reason)
    this.socket.destroySoon()
  }
}

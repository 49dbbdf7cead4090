import type { Socket } from 'node:net'
import type { Clock } from '@tern/runtime'

/** No method of HTTP/1.1 begins like HTTP/2's preface. */
const preface = Buffer.from('PRI')

/** Reads until it is known what a connection speaks, and puts back what was read. Who says nothing in time is closed. */
export function sniffProtocol(
  socket: Socket,
  { clock, firstBytesMs }: Readonly<{ clock: Clock; firstBytesMs: number }>,
  known: (protocol: 'http2' | 'http1') => void,
): void {
  let read: Buffer = Buffer.alloc(0)
  const late = clock.after(firstBytesMs, () => socket.destroy())
  const look = () => {
    const chunk: Buffer | null = socket.read()
    if (chunk === null) return
    read = Buffer.concat([read, chunk])
    const compared = Math.min(read.length, preface.length)
    const same = read.compare(preface, 0, compared, 0, compared) === 0
    if (same && compared < preface.length) return
    late.cancel()
    socket.off('readable', look)
    socket.unshift(read)
    known(same ? 'http2' : 'http1')
  }
  socket.on('error', () => {})
  socket.on('close', () => late.cancel())
  socket.on('readable', look)
}

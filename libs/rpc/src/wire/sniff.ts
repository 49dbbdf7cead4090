import type { Socket } from 'node:net'
import { frameHeaderBytes, preface } from './http2-frames.ts'

/** A setting that no standard has, which other servers ignore (RFC 9113, 6.5.2): by it our servers know our clients. */
export const ownSetting = 0xf7e4

const settingAt = preface.length + frameHeaderBytes

/** Whose connection it is, by its first bytes; undefined: more is needed. */
export function whose(first: Buffer): 'own' | 'other' | undefined {
  const compared = Math.min(first.length, preface.length)
  if (first.compare(preface, 0, compared, 0, compared) !== 0) return 'other'
  if (first.length < settingAt) return undefined
  if (first.readUIntBE(preface.length, 3) === 0) return 'other'
  if (first.length < settingAt + 2) return undefined
  return first.readUInt16BE(settingAt) === ownSetting ? 'own' : 'other'
}

/** Reads until it is known whose connection it is; `read` is what was read. */
export function sniff(socket: Socket, known: (whose: 'own' | 'other', read: Buffer) => void): void {
  let read: Buffer = Buffer.alloc(0)
  const look = () => {
    const chunk: Buffer | null = socket.read()
    if (chunk === null) return
    read = Buffer.concat([read, chunk])
    const found = whose(read)
    if (found === undefined) return
    socket.off('readable', look)
    known(found, read)
  }
  socket.on('error', () => {})
  socket.on('readable', look)
}

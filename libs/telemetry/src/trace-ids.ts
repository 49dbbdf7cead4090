import { Aes128 } from './aes-128.ts'
import { hexOf, hexToWord } from './hex.ts'
import { type MessageAddress, queueMax } from './message-id.ts'

/** Both ways between a message's address and the id of its trace. */
export type TraceIds = Readonly<{
  /** 32 hex digits. */
  traceIdOf(queue: number, position: number): string
  /** Undefined when the id was not made from an address with this key: then a client or another system drew it. */
  addressOfTrace(hex: string): MessageAddress | undefined
  /** The ids of `count` messages from `position` on, 16 bytes each, without an object for any of them. */
  writeTraceIds(queue: number, position: number, count: number, into: Uint8Array, at: number): void
}>

export const traceIdBytes = 16

/** "tern". With what a queue and a position leave free, a foreign id passes for one of ours once in 2^59 times. */
const magic = 0x7465726e
const wordSize = 0x1_0000_0000
const positionHighMax = Number.MAX_SAFE_INTEGER / wordSize

/**
 * The trace id of a message that came without context is its address in disguise, so that nothing needs to be stored to find it: one block
 * of AES-128 under the region's key. It looks drawn at random, as samplers of other systems need it. `key`: 32 hex digits (see setting).
 */
export function traceIds(key: string): TraceIds {
  const cipher = new Aes128(
    Uint8Array.from({ length: traceIdBytes }, (_, i) => Number.parseInt(key.slice(2 * i, 2 * i + 2), 16)),
  )
  const block = new Uint32Array(4)
  const encipher = (queue: number, position: number) => {
    block[0] = magic
    block[1] = queue
    block[2] = position / wordSize
    block[3] = position
    cipher.encrypt(block)
  }
  return {
    traceIdOf(queue, position) {
      encipher(queue, position)
      return hexOf(block[0]!) + hexOf(block[1]!) + hexOf(block[2]!) + hexOf(block[3]!)
    },
    addressOfTrace(hex) {
      if (!/^[0-9a-fA-F]{32}$/.test(hex)) return undefined
      for (let i = 0; i < 4; i++) block[i] = hexToWord(hex, 8 * i)
      cipher.decrypt(block)
      const [found = 0, queue = 0, high = 0, low = 0] = block
      if (found !== magic || queue > queueMax || high > positionHighMax) return undefined
      return { queue, position: high * wordSize + low }
    },
    writeTraceIds(queue, position, count, into, at) {
      for (let i = 0; i < count; i++) {
        encipher(queue, position + i)
        for (let word = 0; word < 4; word++) {
          const value = block[word]!
          into[at++] = value >>> 24
          into[at++] = value >>> 16
          into[at++] = value >>> 8
          into[at++] = value
        }
      }
    },
  }
}

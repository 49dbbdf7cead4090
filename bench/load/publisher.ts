import type { Socket } from 'node:net'
import { frame, text } from '../../test/support/mqtt-bytes.ts'
import { frames } from './wire.ts'

const payloadBytes = 64

export type Publisher = Readonly<{
  socket: Socket
  /** So many more messages, as soon as there is room for them. */
  offer(count: number): void
}>

/** Publishes packets made in advance: in each payload are the time of sending, then its number from 0. */
export function publisher(
  socket: Socket,
  topic: string,
  { qos, inFlight: inFlightMax, endless }: Readonly<{ qos: 0 | 1; inFlight: number; endless: boolean }>,
  counters: { published: number; acknowledged: number },
): Publisher {
  const head = qos > 0 ? [text(topic), Buffer.from([0, 1])] : [text(topic)]
  const template = frame(0x30 | (qos << 1), ...head, Buffer.alloc(payloadBytes))
  const payloadAt = template.length - payloadBytes
  let number = 0
  let inFlight = 0
  let wanted = 0
  const send = (): void => {
    const count = qos > 0 ? Math.min(wanted, inFlightMax - inFlight) : wanted
    if (count <= 0) return
    wanted -= count
    inFlight += count
    counters.published += count
    const bytes = Buffer.allocUnsafe(count * template.length)
    const now = performance.now()
    for (let i = 0; i < count; i++) {
      const at = i * template.length
      template.copy(bytes, at)
      if (qos > 0) bytes.writeUInt16BE((number % 65_535) + 1, at + payloadAt - 2)
      bytes.writeDoubleBE(now, at + payloadAt)
      bytes.writeUInt32BE(number++, at + payloadAt + 8)
    }
    socket.write(bytes)
  }
  let scheduled = false
  frames(socket, (type) => {
    if (type >> 4 !== 4) return
    counters.acknowledged++
    inFlight--
    if (endless) wanted++
    if (scheduled) return
    scheduled = true
    setImmediate(() => {
      scheduled = false
      send()
    })
  })
  return {
    socket,
    offer(count) {
      wanted += count
      send()
    },
  }
}

import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { setTimeout as after } from 'node:timers/promises'
import { frame, text } from '../../test/support/mqtt-bytes.ts'
import { frames, subscribeBytes } from '../load/wire.ts'

const tryEveryMs = 200
const answerWithinMs = 5_000
const withinMs = 90_000
const puback = 4
const connack = 2
const suback = 9

/** Resolves once each node took a message of QoS 1 for a session that lasts: until then a cluster is still coming up. */
export async function untilStored(addresses: readonly string[]): Promise<void> {
  const giveUpAt = performance.now() + withinMs
  for (const address of addresses) {
    while (!(await stores(address))) {
      if (performance.now() > giveUpAt) throw new Error(`${address} stored no message within ${withinMs / 1_000} s`)
      await after(tryEveryMs)
    }
  }
}

async function stores(address: string): Promise<boolean> {
  const [host = '', port = ''] = address.split(':')
  const socket = connect({ host, port: Number(port), timeout: answerWithinMs })
  socket.once('timeout', () => socket.destroy())
  const topic = `ready/${port}`
  const id = `ready-${port}`
  const lasting = 0
  try {
    await once(socket, 'connect')
    const told = answers(socket)
    socket.write(frame(0x10, text('MQTT'), Buffer.from([4, lasting, 0, 0]), text(id)))
    await told(connack)
    socket.write(subscribeBytes(1, topic))
    await told(suback)
    socket.write(frame(0x32, text(topic), Buffer.from([0, 7]), text('x')))
    await told(puback)
    return true
  } catch {
    return false
  } finally {
    socket.destroy()
  }
}

/** Waits for a packet of the type; rejects when the connection ends first. */
function answers(socket: Socket): (type: number) => Promise<void> {
  const seen = new Set<number>()
  const waiting = new Map<number, () => void>()
  frames(socket, (first) => {
    seen.add(first >> 4)
    waiting.get(first >> 4)?.()
  })
  const over = once(socket, 'close').then(() => Promise.reject(new Error('closed')))
  over.catch(() => {})
  return (type) =>
    Promise.race([
      over,
      new Promise<void>((resolve) => {
        if (seen.has(type)) resolve()
        else waiting.set(type, resolve)
      }),
    ])
}

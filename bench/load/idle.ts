import { once } from 'node:events'
import type { Socket } from 'node:net'
import type { IdleLoad, Report } from './load.ts'
import { publisher } from './publisher.ts'
import { after, answered, frames, open, puback, publishOf, subscribeBytes } from './wire.ts'

const run = `${process.pid}`
const atOnce = 200
const settleSeconds = 3
const warmMessages = 100_000

/**
 * What a server takes once, for messages to pass through it, is not the connections': the young generation of a heap, buffers.
 * So some pass through each address first.
 */
async function warm(addresses: readonly string[]): Promise<void> {
  for (const [i, address] of addresses.entries()) {
    const counters = { published: 0, acknowledged: 0 }
    const socket = await open([address], 0, `w${run}-${i}`, { leaves: true })
    const topic = `bench/${run}/${i}`
    socket.write(subscribeBytes(1, topic))
    await answered(socket)
    frames(socket, (type, data, at) => {
      if (type >> 4 === 3) puback(socket, publishOf(type, data, at).packetId)
    })
    publisher(socket, topic, { qos: 1, inFlight: 200, endless: false }, counters).offer(warmMessages)
    while (counters.acknowledged < warmMessages) await once(socket, 'data')
    socket.destroy()
  }
}

/** `delivered` are the connections; `seconds` is what it took to make them. */
export async function idle({ addresses, count }: IdleLoad, report: (report: Report) => void): Promise<Socket[]> {
  await warm(addresses)
  report('measuring')
  const began = performance.now()
  const sockets: Socket[] = []
  while (sockets.length < count) {
    const from = sockets.length
    const opening = Array.from({ length: Math.min(atOnce, count - from) }, (_, i) => from + i)
    sockets.push(...(await Promise.all(opening.map((n) => open(addresses, n, `i${run}-${n}`)))))
  }
  const seconds = (performance.now() - began) / 1000
  await after(settleSeconds)
  const lost = sockets.filter((socket) => socket.closed).length
  report({ published: 0, delivered: sockets.length - lost, seconds, p50Ms: 0, p99Ms: 0, lost, outOfOrder: 0 })
  return sockets
}

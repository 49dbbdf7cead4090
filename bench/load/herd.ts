import { once } from 'node:events'
import type { Socket } from 'node:net'
import { frame } from '../../test/support/mqtt-bytes.ts'
import type { HerdLoad, Report } from './load.ts'
import { publisher } from './publisher.ts'
import { after, answered, frames, open, puback, publishOf, subscribeBytes } from './wire.ts'

const run = `${process.pid}`
const topics = 20
const atOnce = 50
/** Longer than a broker keeps its newest messages in memory. */
const awaySeconds = 32

async function leave(addresses: readonly string[], session: number): Promise<void> {
  const leaving = await open(addresses, session, `h${run}-${session}`, { clean: false, leaves: true })
  leaving.write(subscribeBytes(1, `bench/${run}/#`))
  await answered(leaving)
  leaving.end(frame(0xe0))
  await once(leaving, 'close')
}

async function fill(addresses: readonly string[], messages: number): Promise<Socket[]> {
  const sockets: Socket[] = []
  const counters = { published: 0, acknowledged: 0 }
  for (let i = 0; i < topics; i++) {
    const socket = await open(addresses, i, `hp${run}-${i}`)
    publisher(socket, `bench/${run}/${i}`, { qos: 1, inFlight: 50, endless: false }, counters).offer(messages / topics)
    sockets.push(socket)
  }
  while (counters.acknowledged < messages) await after(0.01)
  return sockets
}

/** `seconds`, `firstMs` and `lastMs` run from the first reconnect; they end with the last message of the last session. */
export async function herd({ addresses, sessions, messages }: HerdLoad, report: (report: Report) => void) {
  for (let from = 0; from < sessions; from += atOnce) {
    await Promise.all(Array.from({ length: Math.min(atOnce, sessions - from) }, (_, i) => leave(addresses, from + i)))
  }
  const sockets = await fill(addresses, messages)
  await after(awaySeconds)

  report('measuring')
  const began = performance.now()
  const wanted = sessions * messages
  let delivered = 0
  let firstMs = 0
  await new Promise<void>((resolve) => {
    const onPacket = (back: Socket) =>
      frames(back, (type, data, at) => {
        if (type >> 4 !== 3) return
        puback(back, publishOf(type, data, at).packetId)
        if (delivered++ === 0) firstMs = performance.now() - began
        if (delivered === wanted) resolve()
      })
    for (let i = 0; i < sessions; i++) {
      // In another zone than before.
      void open(addresses, i + 1, `h${run}-${i}`, { clean: false, onPacket }).then((back) => sockets.push(back))
    }
  })
  const lastMs = performance.now() - began
  report({
    published: 0,
    delivered,
    seconds: lastMs / 1000,
    p50Ms: 0,
    p99Ms: 0,
    firstMs,
    lastMs,
    lost: 0,
    outOfOrder: 0,
  })
  return sockets
}

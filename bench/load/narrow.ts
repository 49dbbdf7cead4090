import { once } from 'node:events'
import type { Socket } from 'node:net'
import { partitionOf } from '@tern/routing'
import { frame } from '../../test/support/mqtt-bytes.ts'
import type { NarrowLoad, Report } from './load.ts'
import { type Publisher, publisher } from './publisher.ts'
import { after, answered, frames, open, puback, publishOf, subscribeBytes } from './wire.ts'

const run = `${process.pid}`
const publishing = { qos: 1, inFlight: 200, endless: false } as const
/** Of a region that was not told otherwise. */
const queues = 12
const topicsOfOthers = 20
/** Own messages come in so many bursts, spread over those of others. */
const bursts = 5
/** Longer than a broker keeps its newest messages in memory. */
const awaySeconds = 32

/** Names that share a queue with the session's own topic: elsewhere they would not stand in its way at all. */
function namesBeside(own: string): string[] {
  const names: string[] = []
  for (let i = 0; names.length < topicsOfOthers; i++) {
    const name = `bench/${run}/others/${i}`
    if (partitionOf(name, queues) === partitionOf(own, queues)) names.push(name)
  }
  return names
}

/** Publishes the messages of others, and a few of the session's own among them. */
async function fill(addresses: readonly string[], own: string, load: NarrowLoad): Promise<Socket[]> {
  const counters = { published: 0, acknowledged: 0 }
  const others: Publisher[] = []
  for (const [i, name] of namesBeside(own).entries()) {
    others.push(publisher(await open(addresses, i, `no${run}-${i}`), name, publishing, counters))
  }
  const mine = publisher(await open(addresses, 1, `np${run}`), own, publishing, counters)
  const all = [...others, mine]
  for (let burst = 1; burst <= bursts; burst++) {
    for (const each of others) each.offer(load.others / topicsOfOthers / bursts)
    await acknowledged(counters, ((load.others + load.own) * burst) / bursts - load.own / bursts)
    mine.offer(load.own / bursts)
    await acknowledged(counters, ((load.others + load.own) * burst) / bursts)
  }
  return all.map(({ socket }) => socket)
}

async function acknowledged(counters: { acknowledged: number }, count: number): Promise<void> {
  while (counters.acknowledged < count) await new Promise((resolve) => setTimeout(resolve, 1))
}

/** `firstMs` and `lastMs` run from the reconnect. */
export async function narrow(load: NarrowLoad, report: (report: Report) => void): Promise<Socket[]> {
  const { addresses } = load
  const own = `bench/${run}/own`
  const leaving = await open(addresses, 0, `n${run}`, { clean: false, leaves: true })
  leaving.write(subscribeBytes(1, own))
  await answered(leaving)
  leaving.end(frame(0xe0))
  await once(leaving, 'close')
  const sockets = await fill(addresses, own, load)
  await after(awaySeconds)

  report('measuring')
  const began = performance.now()
  const times: number[] = []
  const onPacket = (back: Socket) =>
    frames(back, (type, data, at) => {
      if (type >> 4 !== 3) return
      times.push(performance.now() - began)
      puback(back, publishOf(type, data, at).packetId)
    })
  const back = await open(addresses, 2, `n${run}`, { clean: false, onPacket })
  while (times.length < load.own) await once(back, 'data')
  const [firstMs = 0, lastMs = 0] = [times[0], times.at(-1)]
  const seconds = lastMs / 1000
  report({ published: 0, delivered: load.own, seconds, p50Ms: 0, p99Ms: 0, firstMs, lastMs, lost: 0, outOfOrder: 0 })
  return [...sockets, back]
}

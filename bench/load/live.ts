import type { Socket } from 'node:net'
import type { LiveLoad, Report, Result } from './load.ts'
import { type Publisher, publisher } from './publisher.ts'
import { after, answered, frames, open, puback, publishOf, subscribeBytes } from './wire.ts'

const run = `${process.pid}`
const filtersOfOne = 10_000
const filtersAtOnce = 500

/** Publishers and subscribers at work; what passes in `seconds`, after `warmSeconds`, is the result. */
export async function live(load: LiveLoad, report: (report: Report) => void): Promise<Socket[]> {
  const counters = { published: 0, acknowledged: 0, delivered: 0 }
  const latencies: number[] = []
  let measuring = false
  const { sampleEvery = 16 } = load
  const topicOf = (index: number) => (load.fanOut ? `bench/${run}/all` : `bench/${run}/${index}`)

  const subscriber = async (index: number): Promise<Socket> => {
    const socket = await open(load.addresses, index + 1, `s${run}-${index}`, { clean: load.lasting !== true })
    socket.write(subscribeBytes(load.subscriberQos ?? load.qos, topicOf(index)))
    await answered(socket)
    frames(socket, (type, data, at) => {
      if (type >> 4 !== 3) return
      counters.delivered++
      const { packetId, payloadAt } = publishOf(type, data, at)
      if (packetId > 0) puback(socket, packetId)
      if (measuring && counters.delivered % sampleEvery === 0)
        latencies.push(performance.now() - data.readDoubleBE(payloadAt))
    })
    return socket
  }
  const publishes = async (index: number): Promise<Publisher> => {
    const socket = await open(load.addresses, index, `p${run}-${index}`)
    return publisher(socket, topicOf(index), { ...load, endless: load.rate === 0 }, counters)
  }

  const others = await otherSubscriptions(load)
  const subscribers = await Promise.all(Array.from({ length: load.pairs }, (_, i) => subscriber(i)))
  const publishers = await Promise.all(Array.from({ length: load.fanOut ? 1 : load.pairs }, (_, i) => publishes(i)))
  const stop = offerAll(publishers, load)
  await after(load.warmSeconds)
  const before = { ...counters }
  measuring = true
  report('measuring')
  await after(load.seconds)
  measuring = false
  const sorted = latencies.sort((a, b) => a - b)
  const result: Result = {
    published: counters.published - before.published,
    delivered: counters.delivered - before.delivered,
    seconds: load.seconds,
    p50Ms: sorted[Math.floor(sorted.length / 2)] ?? 0,
    p99Ms: sorted[Math.floor(sorted.length * 0.99)] ?? 0,
    p999Ms: sorted[Math.floor(sorted.length * 0.999)] ?? 0,
    lost: 0,
    outOfOrder: 0,
  }
  report(result)
  stop()
  return [...others, ...subscribers, ...publishers.map(({ socket }) => socket)]
}

/** At a rate, or each as much as it may have in flight. */
function offerAll(publishers: readonly Publisher[], { rate, inFlight }: LiveLoad): () => void {
  if (rate === 0) for (const each of publishers) each.offer(inFlight)
  if (rate === 0) return () => {}
  const began = performance.now()
  let offered = 0
  let turn = 0
  const pace = setInterval(() => {
    const due = Math.floor(((performance.now() - began) / 1000) * rate)
    for (; offered < due; offered++) publishers[turn++ % publishers.length]?.offer(1)
  }, 1)
  return () => clearInterval(pace)
}

/** Of ten filters one has a wildcard, as in a fleet whose services watch groups of devices. */
async function otherSubscriptions({ addresses, others = 0 }: LiveLoad): Promise<Socket[]> {
  const sockets: Socket[] = []
  for (let first = 0; first < others; first += filtersOfOne) {
    const socket = await open(addresses, sockets.length, `o${run}-${sockets.length}`)
    const end = Math.min(others, first + filtersOfOne)
    for (let from = first; from < end; from += filtersAtOnce) {
      const numbers = Array.from({ length: Math.min(filtersAtOnce, end - from) }, (_, i) => from + i)
      socket.write(subscribeBytes(0, ...numbers.map((n) => (n % 10 === 0 ? `fleet/${n}/+` : `fleet/${n}/state`))))
      await answered(socket)
    }
    sockets.push(socket)
  }
  return sockets
}

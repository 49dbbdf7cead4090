import { once } from 'node:events'
import type { Socket } from 'node:net'
import { frame } from '../../test/support/mqtt-bytes.ts'
import type { BacklogLoad, Report } from './load.ts'
import { publisher } from './publisher.ts'
import { answered, frames, open, puback, publishOf, subscribeBytes } from './wire.ts'

const run = `${process.pid}`
const inFlight = 200

/** `seconds` are those from the reconnect to the last message. */
export async function backlog(load: BacklogLoad, report: (report: Report) => void): Promise<Socket[]> {
  const topic = `bench/${run}/backlog`
  const leaving = await open(load.addresses, 0, `b${run}`, { clean: false, leaves: true })
  leaving.write(subscribeBytes(1, topic))
  await answered(leaving)
  leaving.end(frame(0xe0))
  await once(leaving, 'close')

  const counters = { published: 0, acknowledged: 0 }
  const socket = await open(load.addresses, 1, `bp${run}`)
  publisher(socket, topic, { qos: 1, inFlight, endless: false }, counters).offer(load.count)
  while (counters.acknowledged < load.count) await once(socket, 'data')

  report('measuring')
  const began = performance.now()
  let delivered = 0
  let outOfOrder = 0
  let last = -1
  const seen = new Set<number>()
  const onPacket = (back: Socket) =>
    frames(back, (type, data, at) => {
      if (type >> 4 !== 3) return
      delivered++
      const { packetId, payloadAt } = publishOf(type, data, at)
      puback(back, packetId)
      const number = data.readUInt32BE(payloadAt + 8)
      if (number < last && !seen.has(number)) outOfOrder++
      last = Math.max(last, number)
      seen.add(number)
    })
  const back = await open(load.addresses, 2, `b${run}`, { clean: false, onPacket })
  while (seen.size < load.count) await once(back, 'data')
  const seconds = (performance.now() - began) / 1000
  const lost = load.count - seen.size
  report({ published: 0, delivered, seconds, p50Ms: 0, p99Ms: 0, lost, outOfOrder })
  return [socket, back]
}

// Many publishers to one topic with as many subscribers, in a process of its own: raw sockets and packets made in advance.
import type { Socket } from 'node:net'
import { answered, frames, open, puback, publishOf, subscribeBytes } from '../../bench/load/wire.ts'
import { frame, text } from '../support/mqtt-bytes.ts'

export type CrowdPlan = Readonly<{ addresses: readonly string[]; clients: number; each: number }>
export type CrowdResult = Readonly<{ acknowledged: number; delivered: number; outOfOrder: number }>

const topic = 'crowd/all'
const connectAtOnce = 200

async function connectAll(plan: CrowdPlan, name: string): Promise<Socket[]> {
  const sockets: Socket[] = []
  while (sockets.length < plan.clients) {
    const count = Math.min(connectAtOnce, plan.clients - sockets.length)
    const some = Array.from({ length: count }, (_, i) =>
      open(plan.addresses, sockets.length + i, `${name}-${sockets.length + i}`),
    )
    sockets.push(...(await Promise.all(some)))
  }
  return sockets
}

/** The publisher's number and the message's. */
function publishBytes(publisher: number, number: number): Buffer {
  const payload = Buffer.alloc(64)
  payload.writeUInt32BE(publisher, 0)
  payload.writeUInt32BE(number, 4)
  return frame(0x32, text(topic), Buffer.from([0, number + 1]), payload)
}

async function crowd(plan: CrowdPlan): Promise<CrowdResult> {
  const { clients, each } = plan
  const { promise: done, resolve } = Promise.withResolvers<void>()
  let [acknowledged, delivered, outOfOrder] = [0, 0, 0]
  const look = () => {
    if (acknowledged === clients * each && delivered === clients * clients * each) resolve()
  }
  const readers = await connectAll(plan, 'reader')
  for (const socket of readers) {
    /** By publisher: the message that comes next. */
    const next = new Uint8Array(clients)
    socket.write(subscribeBytes(1, topic))
    await answered(socket)
    frames(socket, (type, data, at) => {
      if (type >> 4 !== 3) return
      const { packetId, payloadAt } = publishOf(type, data, at)
      puback(socket, packetId)
      const publisher = data.readUInt32BE(payloadAt)
      if (next[publisher] !== data.readUInt32BE(payloadAt + 4)) outOfOrder++
      next[publisher] = (next[publisher] as number) + 1
      delivered++
      look()
    })
  }
  const writers = await connectAll(plan, 'writer')
  process.send?.('connected')
  await new Promise((resolve) => process.once('message', resolve))
  for (const [publisher, socket] of writers.entries()) {
    frames(socket, (type) => {
      if (type >> 4 === 4) acknowledged++
      look()
    })
    socket.write(Buffer.concat(Array.from({ length: each }, (_, number) => publishBytes(publisher, number))))
  }
  await done
  return { acknowledged, delivered, outOfOrder }
}

const result = await crowd(JSON.parse(process.argv[2] ?? '{}') as CrowdPlan)
process.send?.(result, () => process.exit(0))

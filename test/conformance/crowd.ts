// Many publishers to one topic, or as many subscribers of it, in a process of their own: raw sockets and packets made in advance.
import type { Socket } from 'node:net'
import { answered, frames, open, puback, publishOf, subscribeBytes } from '../../bench/load/wire.ts'
import { frame, text } from '../support/mqtt-bytes.ts'

export type CrowdPlan = Readonly<{
  role: 'publishers' | 'subscribers'
  addresses: readonly string[]
  publishers: number
  subscribers: number
  /** Messages of each publisher, all at once. */
  each: number
}>
/** `count`: messages acknowledged, or delivered. */
export type CrowdResult = Readonly<{ count: number; outOfOrder: number }>

const topic = 'crowd/all'
const connectAtOnce = 200

async function connectAll(plan: CrowdPlan): Promise<Socket[]> {
  const { role, addresses } = plan
  const clients = plan[role]
  const sockets: Socket[] = []
  while (sockets.length < clients) {
    const count = Math.min(connectAtOnce, clients - sockets.length)
    const some = Array.from({ length: count }, (_, i) =>
      open(addresses, sockets.length + i, `${role}-${sockets.length + i}`),
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

async function subscribe(plan: CrowdPlan): Promise<CrowdResult> {
  const { publishers, subscribers, each } = plan
  const { promise: done, resolve } = Promise.withResolvers<void>()
  let [delivered, outOfOrder] = [0, 0]
  for (const socket of await connectAll(plan)) {
    /** By publisher: the message that comes next. */
    const next = new Uint8Array(publishers)
    socket.write(subscribeBytes(1, topic))
    await answered(socket)
    frames(socket, (type, data, at) => {
      if (type >> 4 !== 3) return
      const { packetId, payloadAt } = publishOf(type, data, at)
      puback(socket, packetId)
      const publisher = data.readUInt32BE(payloadAt)
      if (next[publisher] !== data.readUInt32BE(payloadAt + 4)) outOfOrder++
      next[publisher] = (next[publisher] as number) + 1
      if (++delivered === publishers * subscribers * each) resolve()
    })
  }
  process.send?.('ready')
  await done
  return { count: delivered, outOfOrder }
}

async function publish(plan: CrowdPlan): Promise<CrowdResult> {
  const { publishers, each } = plan
  const { promise: done, resolve } = Promise.withResolvers<void>()
  let acknowledged = 0
  const sockets = await connectAll(plan)
  process.send?.('ready')
  await new Promise((resolve) => process.once('message', resolve))
  for (const [publisher, socket] of sockets.entries()) {
    frames(socket, (type) => {
      if (type >> 4 === 4 && ++acknowledged === publishers * each) resolve()
    })
    socket.write(Buffer.concat(Array.from({ length: each }, (_, number) => publishBytes(publisher, number))))
  }
  await done
  return { count: acknowledged, outOfOrder: 0 }
}

const plan = JSON.parse(process.argv[2] ?? '{}') as CrowdPlan
const result = await (plan.role === 'subscribers' ? subscribe(plan) : publish(plan))
process.send?.(result, () => process.exit(0))

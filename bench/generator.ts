// The load of a benchmark, a process of its own: raw sockets and packets made in advance, so that it is not what is measured.
// Prints one line of JSON. `node bench/generator.ts '{"addresses":["127.0.0.1:1883"],"pairs":20,"inFlight":50,"rate":0,"seconds":5,"warmSeconds":2}'`
import { connect, type Socket } from 'node:net'

export type Load = Readonly<{
  addresses: readonly string[]
  /** Publishers, and as many subscribers; with `fanOut` one publisher and so many subscribers. */
  pairs: number
  fanOut?: boolean
  qos: 0 | 1
  /** Messages that a publisher has unacknowledged; at QoS 0 nothing limits it but the rate. */
  inFlight: number
  /** Messages a second over all publishers; 0: as fast as acknowledgements allow. */
  rate: number
  warmSeconds: number
  seconds: number
}>

export type Result = Readonly<{
  published: number
  acknowledged: number
  delivered: number
  p50Ms: number
  p99Ms: number
}>

const payloadBytes = 64
const load = JSON.parse(process.argv[2] ?? '{}') as Load
const counters = { published: 0, acknowledged: 0, delivered: 0 }
const latencies: number[] = []
let measuring = false

function packet(type: number, ...parts: Buffer[]): Buffer {
  const body = Buffer.concat(parts)
  const length: number[] = []
  for (let left = body.length; ; left >>>= 7) {
    length.push((left & 0x7f) | (left > 0x7f ? 0x80 : 0))
    if (left <= 0x7f) break
  }
  return Buffer.concat([Buffer.from([type, ...length]), body])
}

function text(value: string): Buffer {
  const bytes = Buffer.from(value)
  return Buffer.concat([Buffer.from([bytes.length >> 8, bytes.length & 0xff]), bytes])
}

/** Calls back for each whole packet with its first byte and the place of its body. */
function frames(socket: Socket, each: (type: number, data: Buffer, at: number, end: number) => void): void {
  let rest: Buffer | undefined
  socket.on('data', (chunk: Buffer) => {
    const data = rest ? Buffer.concat([rest, chunk]) : chunk
    let at = 0
    for (;;) {
      let length = 0
      let body = at + 1
      for (let shift = 0; body < data.length; shift += 7) {
        const byte = data[body++] as number
        length |= (byte & 0x7f) << shift
        if (byte < 0x80) break
      }
      if (body > data.length || at + 1 >= data.length || body + length > data.length) break
      each(data[at] as number, data, body, body + length)
      at = body + length
    }
    rest = at === data.length ? undefined : data.subarray(at)
  })
}

async function open(index: number, clientId: string): Promise<Socket> {
  const address = load.addresses[index % load.addresses.length] as string
  const at = address.lastIndexOf(':')
  const socket = connect({ host: address.slice(0, at), port: Number(address.slice(at + 1)), noDelay: true })
  await new Promise((resolve) => socket.once('connect', resolve))
  socket.write(packet(0x10, text('MQTT'), Buffer.from([4, 2, 0, 0]), text(clientId)))
  await new Promise((resolve) => socket.once('data', resolve))
  return socket
}

const run = `${process.pid}`

async function subscriber(index: number): Promise<Socket> {
  const socket = await open(index + 1, `s${run}-${index}`)
  const topic = load.fanOut ? `bench/${run}/all` : `bench/${run}/${index}`
  socket.write(packet(0x82, Buffer.from([0, 1]), text(topic), Buffer.from([load.qos])))
  await new Promise((resolve) => socket.once('data', resolve))
  frames(socket, (type, data, at) => {
    if (type >> 4 !== 3) return
    counters.delivered++
    let payloadAt = at + 2 + data.readUInt16BE(at)
    if (load.qos > 0) {
      socket.cork()
      socket.write(Buffer.from([0x40, 2, data[payloadAt] as number, data[payloadAt + 1] as number]))
      process.nextTick(() => socket.uncork())
      payloadAt += 2
    }
    if (measuring && counters.delivered % 16 === 0) latencies.push(performance.now() - data.readDoubleBE(payloadAt))
  })
  return socket
}

async function publisher(index: number): Promise<{ socket: Socket; offer(count: number): void }> {
  const socket = await open(index, `p${run}-${index}`)
  const topic = load.fanOut ? `bench/${run}/all` : `bench/${run}/${index}`
  const head = load.qos > 0 ? [text(topic), Buffer.from([0, 1])] : [text(topic)]
  const template = packet(0x30 | (load.qos << 1), ...head, Buffer.alloc(payloadBytes))
  const payloadAt = template.length - payloadBytes
  let inFlight = 0
  let wanted = 0
  let packetId = 0
  const send = (): void => {
    const count = load.qos > 0 ? Math.min(wanted, load.inFlight - inFlight) : wanted
    if (count <= 0) return
    wanted -= count
    inFlight += count
    counters.published += count
    const bytes = Buffer.allocUnsafe(count * template.length)
    const now = performance.now()
    for (let i = 0; i < count; i++) {
      const at = i * template.length
      template.copy(bytes, at)
      if (load.qos > 0) {
        packetId = (packetId % 65_535) + 1
        bytes.writeUInt16BE(packetId, at + payloadAt - 2)
      }
      bytes.writeDoubleBE(now, at + payloadAt)
    }
    socket.write(bytes)
  }
  let scheduled = false
  frames(socket, (type) => {
    if (type >> 4 !== 4) return
    counters.acknowledged++
    inFlight--
    if (load.rate === 0) wanted++
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

const subscribers = await Promise.all(Array.from({ length: load.pairs }, (_, i) => subscriber(i)))
const publishers = await Promise.all(Array.from({ length: load.fanOut ? 1 : load.pairs }, (_, i) => publisher(i)))

const began = performance.now()
let offered = 0
let turn = 0
const pace =
  load.rate === 0
    ? undefined
    : setInterval(() => {
        const due = Math.floor(((performance.now() - began) / 1000) * load.rate)
        for (; offered < due; offered++) publishers[turn++ % publishers.length]?.offer(1)
      }, 1)
if (load.rate === 0) for (const each of publishers) each.offer(load.inFlight)

const after = (seconds: number) => new Promise((resolve) => setTimeout(resolve, seconds * 1000))
await after(load.warmSeconds)
const before = { ...counters }
measuring = true
process.send?.('measuring')
await after(load.seconds)
measuring = false
const sorted = latencies.sort((a, b) => a - b)
const result: Result = {
  published: counters.published - before.published,
  acknowledged: counters.acknowledged - before.acknowledged,
  delivered: counters.delivered - before.delivered,
  p50Ms: sorted[Math.floor(sorted.length / 2)] ?? 0,
  p99Ms: sorted[Math.floor(sorted.length * 0.99)] ?? 0,
}
process.send?.(result)
clearInterval(pace)
for (const socket of [...subscribers, ...publishers.map(({ socket: each }) => each)]) socket.destroy()
process.exit(0)

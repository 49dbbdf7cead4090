// `npm run load`: numbered messages through a region, and whether each arrived.
import { randomUUID } from 'node:crypto'
import { setTimeout as after } from 'node:timers/promises'
import { connectAsync, type IPublishPacket, type MqttClient } from 'mqtt'
import { flagsOrExit } from '../flags.ts'
import { Ledger } from './sequence.ts'

const flags = flagsOrExit('npm run load -- [flags]: publishes numbered messages and counts what arrives', {
  addr: { default: '127.0.0.1:1883', help: 'host:port of the region; several, with commas, are taken in turn' },
  pubs: { default: '20', help: 'publishers', whole: [1, 10_000] },
  subs: { default: '2', help: 'subscribers; each gets every message', whole: [0, 1_000] },
  qos: { default: '1', help: 'QoS of publishers and subscribers', whole: [0, 2] },
  rate: { default: '1000', help: 'messages a second, over all publishers', whole: [1, 1_000_000] },
  secs: { default: '10', help: 'seconds to publish for', whole: [1, 86_400] },
})
const [pubs, subs, rate, secs] = [flags.pubs, flags.subs, flags.rate, flags.secs].map(Number) as [
  number,
  number,
  number,
  number,
]
const qos = Number(flags.qos) as 0 | 1 | 2
const addresses = flags.addr.split(',')
const run = randomUUID().slice(0, 8)
/** A publisher waits while so many of its messages are not acknowledged. */
const unackedMax = 1_000
const settleMsMax = 15_000

const ledger = new Ledger(pubs, subs)
let reconnects = 0

async function client(name: string, index: number): Promise<MqttClient> {
  const address = addresses[index % addresses.length]
  const options = {
    clientId: `load-${run}-${name}-${index}`,
    // A session that outlives its connection: what is acknowledged is owed also to a subscriber that reconnects.
    clean: false,
    reconnectPeriod: 200,
    connectTimeout: 5_000,
    keepalive: 10,
  }
  // Who closes the first connection speaks no MQTT: the client would try for ever.
  const made = await connectAsync(`mqtt://${address}`, options, false)
  made.on('reconnect', () => reconnects++)
  made.on('error', () => {})
  return made
}

function fail(error: unknown): never {
  process.stderr.write(
    `cannot connect to ${flags.addr}: ${(error as Error).message || 'nobody answers there'}; start a region with npm start\n`,
  )
  process.exit(1)
}

const topicOf = (publisher: number) => `load/${run}/${publisher}`

async function subscriber(index: number): Promise<MqttClient> {
  const made = await client('sub', index)
  made.on('message', (topic: string, payload: Buffer) => {
    ledger.deliver(Number(topic.slice(topic.lastIndexOf('/') + 1)), index, Number(payload.toString()))
  })
  await made.subscribeAsync(`load/${run}/+`, { qos })
  return made
}

type Publisher = { client: MqttClient; next: number; unacked: number }

function publish(publisher: Publisher, index: number): boolean {
  if (publisher.unacked >= unackedMax) return false
  const number = publisher.next++
  publisher.unacked++
  ledger.publish()
  publisher.client.publish(topicOf(index), String(number), { qos } satisfies Partial<IPublishPacket>, (error) => {
    publisher.unacked--
    if (!error && qos > 0) ledger.ack(index, number)
  })
  return true
}

/** Offers what is due by the clock, in turn over the publishers; what a full window refuses is not made up for. */
async function offer(publishers: readonly Publisher[], until: number): Promise<void> {
  const began = Date.now()
  let offered = 0
  while (Date.now() < until) {
    const due = Math.floor(((Date.now() - began) / 1_000) * rate)
    for (; offered < due; offered++) {
      const index = offered % publishers.length
      const publisher = publishers[index]
      if (publisher) publish(publisher, index)
    }
    await after(2)
  }
}

const line = (label: string, lost: number, rest = '') => {
  const { published, acked, delivered, doubled, outOfOrder } = ledger.counts(lost)
  process.stdout.write(
    `${label.padStart(6)}  published ${published}  acked ${acked}  delivered ${delivered}  lost ${lost}  doubled ${doubled}  out of order ${outOfOrder}  reconnects ${reconnects}${rest}\n`,
  )
}

const subscribers = await Promise.all(Array.from({ length: subs }, (_, i) => subscriber(i))).catch(fail)
const publishers: Publisher[] = await Promise.all(
  Array.from({ length: pubs }, async (_, i) => ({ client: await client('pub', i), next: 0, unacked: 0 })),
).catch(fail)

let second = 0
// Until the end nothing is known to be lost, only under way.
const ticker = setInterval(() => line(`${++second} s`, 0, `  under way ${ledger.missing}`), 1_000)
await offer(publishers, Date.now() + secs * 1_000)

const settled = () => ledger.missing === 0 && (qos === 0 || publishers.every((each) => each.unacked === 0))
for (const deadline = Date.now() + settleMsMax; !settled() && Date.now() < deadline; ) await after(50)
clearInterval(ticker)

const lost = ledger.missing
const unacked = publishers.reduce((sum, each) => sum + each.unacked, 0)
line('end', lost)
if (unacked > 0) process.stdout.write(`${unacked} messages were not acknowledged within ${settleMsMax / 1_000} s\n`)
// The sessions were for this run only: ended by a clean connect of the same client id.
await Promise.race([
  Promise.all([...subscribers, ...publishers.map((each) => each.client)].map(endSession)),
  after(3_000),
])
process.exit(lost > 0 ? 1 : 0)

async function endSession(old: MqttClient): Promise<void> {
  const { clientId = '', host, port } = old.options
  await old.endAsync(true)
  const last = await connectAsync({ host, port, clientId, clean: true, reconnectPeriod: 0 } as object).catch(
    () => undefined,
  )
  await last?.endAsync()
}

import { message, messaging } from '@tern/proto'
import { connectApi } from '@tern/rpc'
import { connectAsync } from 'mqtt'
import { startRegion } from '../../test/support/region.ts'
import { report, type Sheet } from '../report.ts'

export type PublishOptions = Readonly<{ rounds: number; seconds: number; added: boolean }>

type Measured = Readonly<{ way: string; perSecond: number }>
type Way = (host: Host, until: number) => Promise<number>
type Host = Readonly<{ api: string; mqtt: string }>

const sheet: Sheet<Measured> = {
  file: 'publish.json',
  names: [{ title: 'way', of: 'way' }],
  figures: [{ title: 'stored a second', of: 'perSecond' }],
}

const itemsPerFrame = 64
const callsAtOnce = 64
const unacknowledgedMax = 1_000
const payload = Buffer.alloc(64, 'x')
const topicOf = (i: number) => `bench/publish/${i % 100}`
const toTopic = (i: number) =>
  message.Message.create({ topic: topicOf(i), payload, qos: message.QualityOfService.AT_LEAST_ONCE })

/** One message a call, many calls at once. */
const unary: Way = async ({ api }, until) => {
  const client = connectApi(api, messaging.MessagingServiceService)
  let stored = 0
  const one = async () => {
    while (performance.now() < until) {
      await client.publish({ messages: [toTopic(stored)], requestId: '', clientId: '' })
      stored++
    }
  }
  await Promise.all(Array.from({ length: callsAtOnce }, one))
  client.close()
  return stored
}

/** Frames of 64 items on one stream, as fast as they are taken. */
const streamed: Way = async ({ api }, until) => {
  const client = connectApi(api, messaging.MessagingServiceService)
  const stream = client.publishStream()
  const reading = (async () => {
    let stored = 0
    for await (const { frame } of stream) if (frame?.$case === 'acks') stored += frame.value.acks.length
    return stored
  })()
  await stream.send({ frame: { $case: 'open', value: { producerId: `bench-${process.pid}-${until}`, clientId: '' } } })
  for (let sequence = 1; performance.now() < until; ) {
    const items = Array.from({ length: itemsPerFrame }, () => ({ sequence, message: toTopic(sequence++) }))
    await stream.send({ frame: { $case: 'items', value: { items } } })
  }
  stream.end()
  const stored = await reading
  client.close()
  return stored
}

/** QoS 1 by MQTT.js, the usual library, with as many unacknowledged as a stream may have. */
const mqtt: Way = async ({ mqtt: address }, until) => {
  const client = await connectAsync(`mqtt://${address}`, { protocolVersion: 5 })
  let stored = 0
  const one = async () => {
    while (performance.now() < until) {
      await client.publishAsync(topicOf(stored), payload, { qos: 1 })
      stored++
    }
  }
  await Promise.all(Array.from({ length: unacknowledgedMax }, one))
  await client.endAsync()
  return stored
}

const ways: readonly [string, Way][] = [
  ['unary, 64 calls at once', unary],
  ['PublishStream, 64 a frame', streamed],
  ['MQTT.js, QoS 1', mqtt],
]

/** What one process of a client gets stored, by each way of publishing. */
export async function runPublish({ rounds, seconds, added }: PublishOptions): Promise<void> {
  const region = await startRegion()
  const measured: Measured[] = []
  try {
    const host = { api: region.plan.api, mqtt: region.shared }
    for (let round = 0; round < rounds; round++) {
      for (const [way, run] of ways) {
        const began = performance.now()
        const stored = await run(host, began + 1_000 * seconds)
        const each = { way, perSecond: (1_000 * stored) / (performance.now() - began) }
        process.stderr.write(`${JSON.stringify(each)}\n`)
        measured.push(each)
      }
    }
  } finally {
    await region.stop()
  }
  report(sheet, measured, added)
}

import { connectAsync, type MqttClient } from 'mqtt'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Region, startRegion } from '../../support/region.ts'
import { startTrace, type TraceProcess, tellingProxy } from './trace-process.ts'

let region: Region
let trace: TraceProcess
const clients: MqttClient[] = []
beforeAll(async () => {
  region = await startRegion()
  trace = await startTrace(region)
})
afterAll(async () => {
  await Promise.all(clients.splice(0).map((client) => client.endAsync(true)))
  await trace?.kill()
  await region?.stop()
})

async function connect(zone: number, clientId: string): Promise<MqttClient> {
  const client = await connectAsync(`mqtt://${region.addresses[zone]}`, { clientId, protocolVersion: 5 })
  clients.push(client)
  return client
}

/** The trace of the one message to the topic. */
async function traceOf(topic: string) {
  const [found] = await trace.search(`{span.messaging.destination.name="${topic}" && name="publish"}`)
  return found && trace.trace(found.traceId)
}

test.each([0, 1, 2] as const)(
  'a message of QoS %i through one zone to subscribers in the others has all its spans, in order of time',
  async (qos) => {
    const filter = `traced${qos}/+`
    const topic = `traced${qos}/x`
    const subscribers = await Promise.all([1, 2].map((zone) => connect(zone, `sub-${qos}-${zone}`)))
    const received = subscribers.map(
      (each) => new Promise<void>((resolve) => void each.once('message', () => resolve())),
    )
    await Promise.all(subscribers.map((each) => each.subscribeAsync(filter, { qos })))
    const publisher = await connect(0, `pub-${qos}`)
    const before = Date.now()
    await publisher.publishAsync(topic, 'hello', { qos })
    await Promise.all(received)
    await expect.poll(async () => (await traceOf(topic))?.deliveries?.acked, { timeout: 10_000 }).toBe(2)
    const whole = await traceOf(topic)
    const names = whole!.spans.map(({ name }) => name).sort()
    const acks = qos === 0 ? [] : ['ack', 'ack']
    expect(names).toEqual(
      [
        ...acks,
        'append',
        'authorize',
        `deliver ${filter}`,
        `deliver ${filter}`,
        'forward',
        'publish',
        'route',
        'send tern.messages',
      ].sort(),
    )
    const byName = (name: string) => whole!.spans.filter((span) => span.name === name)
    const [publish] = byName('publish')
    expect(publish!.attributes).toMatchObject({ 'messaging.client.id': `pub-${qos}`, 'messaging.mqtt.qos': `${qos}` })
    expect(publish!.zone).toBe('az-a')
    const [send] = byName('send tern.messages')
    const delivers = byName(`deliver ${filter}`)
    expect(delivers.map(({ zone }) => zone).sort()).toEqual(['az-b', 'az-c'])
    expect(delivers.every(({ parentSpanId }) => parentSpanId === send!.spanId)).toBe(true)
    for (const span of whole!.spans) {
      expect(BigInt(span.startUnixNano)).toBeGreaterThanOrEqual(BigInt(publish!.startUnixNano))
      expect(Number(BigInt(span.startUnixNano) / 1_000_000n)).toBeGreaterThanOrEqual(before - 50)
      expect(span.durationNano).toBeLessThan(5e9)
    }
    expect(whole).toMatchObject({ incomplete: false, deliveries: { total: 2, acked: 2, failed: 0 } })
  },
)

test('the context that a publisher brings is the trace of its message, and its message is found under its own id, too', async () => {
  const traceId = '4bf92f3577b34da6a3ce929d0e0e4736'
  const publisher = await connect(0, 'with-context')
  const userProperties = { traceparent: `00-${traceId}-00f067aa0ba902b7-01` }
  await publisher.publishAsync('context/x', '1', { qos: 1, properties: { userProperties } })
  await expect.poll(() => trace.trace(traceId), { timeout: 10_000 }).toBeDefined()
  const whole = await trace.trace(traceId)
  expect(whole!.spans.find(({ name }) => name === 'publish')!.parentSpanId).toBe('00f067aa0ba902b7')
  const [queue, position] = whole!.messageId.split('-').map(Number)
  expect((await trace.messageTrace(queue!, position!))!.traceId).toBe(traceId)
})

test('a publish that is refused has a trace that says why', async () => {
  const publisher = await connect(0, 'refused-publisher')
  await publisher
    .publishAsync('utf8/x', Buffer.from([0xff]), { qos: 1, properties: { payloadFormatIndicator: true } })
    .catch(() => {})
  const query = '{status=error && span.messaging.client.id="refused-publisher"}'
  await expect.poll(async () => (await trace.search(query)).length, { timeout: 10_000 }).toBe(1)
  const [found] = await trace.search(query)
  expect(found).toMatchObject({ error: true, rootName: 'publish', topic: 'utf8/x' })
})

test('what waits for its acknowledgement, what comes again and what is acknowledged in the end is one delivery', async () => {
  const options = {
    clientId: 'slow',
    protocolVersion: 5,
    clean: false,
    properties: { sessionExpiryInterval: 60 },
  } as const
  const url = `mqtt://${region.addresses[1]}`
  const slow = await connectAsync(url, options)
  // It reads, and never acknowledges.
  slow.handleMessage = () => {}
  await slow.subscribeAsync('slow/x', { qos: 1 })
  const publisher = await connect(0, 'slow-publisher')
  await publisher.publishAsync('slow/x', '1', { qos: 1 })
  const query = '{span.messaging.client.id="slow"}'
  const summary = async () => {
    const [found] = await trace.search(query)
    return found && (await trace.trace(found.traceId))?.deliveries
  }
  await expect.poll(summary, { timeout: 10_000 }).toMatchObject({ total: 1, pending: 1 })
  await slow.endAsync(true)
  const again = await connectAsync(url, options)
  clients.push(again)
  await expect.poll(summary, { timeout: 10_000 }).toMatchObject({ total: 1, pending: 0, acked: 1 })
  const [found] = await trace.search(query)
  const deliver = (await trace.trace(found!.traceId))!.spans.find(({ name }) => name === 'deliver')
  expect(deliver!.events.map(({ name }) => name)).toEqual(
    expect.arrayContaining(['written', 'interrupted', 'redelivered', 'acked']),
  )
  expect(deliver!.attributes['tern.delivery.attempts']).toBe('2')
})

test('a publisher learns the trace of its message with the acknowledgement, where that is switched on', async () => {
  const told = await tellingProxy(region)
  const publisher = await connectAsync(`mqtt://${told.address}`, { clientId: 'told', protocolVersion: 5 })
  clients.push(publisher)
  const acked = new Promise<{ properties?: { userProperties?: object } }>((resolve) => {
    publisher.on('packetreceive', (packet) => packet.cmd === 'puback' && resolve(packet))
  })
  await publisher.publishAsync('told/x', '1', { qos: 1 })
  const { traceparent = '' } = ((await acked).properties?.userProperties ?? {}) as Record<string, string>
  const [, traceId, spanId] = traceparent.split('-')
  await expect.poll(() => trace.trace(traceId!), { timeout: 10_000 }).toBeDefined()
  expect((await trace.trace(traceId!))!.spans[0]).toMatchObject({ name: 'publish', spanId })
  told.service.process.kill('SIGKILL')
  await told.service.ended
})

test("spans that a client's own program sends by OTLP are shown with those of its message, in Tempo's API too", async () => {
  const traceId = '5bf92f3577b34da6a3ce929d0e0e4736'
  const publisher = await connect(0, 'with-spans')
  const userProperties = { traceparent: `00-${traceId}-10f067aa0ba902b7-01` }
  await publisher.publishAsync('spans/x', '1', { qos: 1, properties: { userProperties } })
  const now = BigInt(Date.now()) * 1_000_000n
  const span = {
    ...{ traceId, spanId: '10f067aa0ba902b7', name: 'read sensor', kind: 4 },
    ...{ startTimeUnixNano: `${now - 5_000_000n}`, endTimeUnixNano: `${now}` },
  }
  const service = { key: 'service.name', value: { stringValue: 'thermometer' } }
  const resourceSpans = [{ resource: { attributes: [service] }, scopeSpans: [{ spans: [span] }] }]
  const headers = { 'content-type': 'application/json' }
  const sent = await fetch(`${trace.otlp}/v1/traces`, {
    method: 'POST',
    headers,
    body: JSON.stringify({ resourceSpans }),
  })
  expect(sent.status).toBe(200)
  const services = async () => [...new Set((await trace.trace(traceId))?.spans.map((each) => each.service))].sort()
  await expect.poll(services, { timeout: 10_000 }).toEqual(['tern-broker', 'tern-proxy', 'thermometer'])
  const answer = (await (await fetch(`${trace.tempo}/api/v2/traces/${traceId}`)).json()) as {
    trace: { resourceSpans: object[] }
  }
  expect(answer.trace.resourceSpans).toHaveLength(3)
  const found = await fetch(
    `${trace.tempo}/api/search?q=${encodeURIComponent('{resource.service.name="thermometer"}')}`,
  )
  expect(await found.json()).toMatchObject({ traces: [{ traceID: traceId, rootTraceName: 'read sensor' }] })
})

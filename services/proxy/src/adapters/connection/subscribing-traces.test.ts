import { recordingTracer } from '@tern/telemetry/testing'
import { expect, test } from 'vitest'
import { connectBytes, setUp, subscribeBytes, subscribeSharedBytes } from './client-connection.fixture.ts'

async function subscribed(bytes: readonly number[], refusal?: number) {
  const tracer = recordingTracer()
  const { clock, fake, counters, connect } = setUp(tracer)
  fake.groupRefusal = refusal
  const { socket } = connect()
  socket.receive(connectBytes())
  await clock.pass(0)
  socket.receive(bytes)
  await clock.pass(0)
  return { spans: tracer.spans, counters }
}

test('SUBSCRIBE is a span until its SUBACK, with the client and its filters', async () => {
  const { spans, counters } = await subscribed(subscribeBytes)
  const attributes = { 'messaging.client.id': 'c', 'tern.filters': 'a' }
  expect(spans).toMatchObject([{ name: 'subscribe', attributes, ended: { error: undefined } }])
  expect(counters.subscribes).toBe(1)
})

test('what a client is granted does not fail the span, and neither does what it is refused', async () => {
  const { spans } = await subscribed(subscribeSharedBytes, 0x97)
  expect(spans).toMatchObject([{ attributes: { 'tern.filters': '$share/g/a' }, ended: { error: undefined } }])
})

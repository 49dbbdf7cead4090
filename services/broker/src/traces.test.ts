import { createLogger } from '@tern/runtime'
import { recordingTracer } from '@tern/telemetry/testing'
import { expect, test } from 'vitest'
import { region } from './adapters/link/link.fixture.ts'

const openSession = { cleanStart: false, expirySeconds: 60, will: undefined, principal: '', attempt: 0 }

test('a takeover of a queue is a span with its phases, and its log lines say which', async () => {
  const tracer = recordingTracer()
  const lines: Record<string, unknown>[] = []
  const { broker } = await region({ tracer, logger: createLogger((line) => void lines.push(JSON.parse(line))) })
  await broker(1).own([0], 10)
  expect(tracer.spans).toMatchObject([
    {
      name: 'queue takeover',
      attributes: { 'tern.queue': 0, 'tern.epoch': 10, 'tern.broker': 1, 'tern.position': -1 },
      children: [
        { name: 'open home', ended: { error: undefined } },
        { name: 'read queue', ended: { error: undefined } },
      ],
      ended: { error: undefined },
    },
  ])
  const serves = lines.find(({ message }) => message === 'serves a queue')
  expect(serves).toMatchObject({ trace_id: expect.stringMatching(/^0{28}\d+$/), span_id: expect.any(String) })
})

test('a connection that is taken over is a span from the CONNECT to its answer; one that is not is none', async () => {
  const tracer = recordingTracer()
  const { broker } = await region({ tracer })
  const owner = broker(1)
  await owner.own([0], 10)
  tracer.spans.length = 0
  const proxy = owner.connect(7)
  await proxy.call('c', 0, { $case: 'open', value: { ...openSession, attempt: 1 } }, 1)
  expect(tracer.spans).toEqual([])
  const answered = proxy.call('c', 0, { $case: 'open', value: { ...openSession, attempt: 2 } }, 2)
  await answered
  expect(tracer.spans).toMatchObject([
    {
      name: 'session takeover',
      attributes: { 'messaging.client.id': 'c', 'tern.proxy': 7, 'tern.session_present': true },
      ended: { error: undefined },
    },
  ])
  expect(owner.telemetry.counters.sessionTakeovers).toBe(1)
})

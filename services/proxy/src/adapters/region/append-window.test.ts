import { envelope } from '@tern/proto'
import { entryKind, readBody, unpack } from '@tern/record'
import { expect, test } from 'vitest'
import { keptLedger } from '../../core/delivery/delivery.fixture.ts'
import { AppendWindow } from './append-window.ts'

const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01'

function window() {
  const kept = keptLedger()
  const appends = new AppendWindow(3, 7, kept.ledger)
  const add = (topic: string | null, fields: Partial<envelope.Envelope> = {}) =>
    appends.add(
      { topic, payload: Buffer.from('x'), envelope: envelope.Envelope.create({ clientId: 'c', qos: 1, ...fields }) },
      () => {},
    )
  return { ...kept, appends, add }
}

test('a publish is told when it was answered, with its times, its place and the context that it came with', () => {
  const { appends, add, ledger, time } = window()
  time.us = 100
  add('a', { userProperties: [{ name: 'traceparent', value: traceparent }] })
  add('b')
  time.us = 200
  appends.answered(1, 2, 'stored', 40)
  const { kinds, queues, positions, starts, middles, ends, clientIds, names, contexts, count } = ledger.ring
  expect([count, kinds[0], queues[0], clientIds[0]]).toEqual([2, entryKind.published, 3, 'c'])
  expect([positions[0], positions[1], names[0], names[1]]).toEqual([40, 41, 'a', 'b'])
  expect([starts[0], middles[0], ends[0]]).toEqual([100, 200, 200])
  expect(contexts[0]).toMatchObject({ traceId: traceparent.slice(3, 35), spanId: traceparent.slice(36, 52) })
  expect(contexts[1]).toBeUndefined()
})

test('a refusal is told with its reason code; markers, repetitions and what was overtaken are not told', () => {
  const { appends, add, told } = window()
  for (const topic of ['refused', 'again', null, 'overtaken']) add(topic)
  appends.answered(1, 1, 0x97, 5)
  appends.answered(2, 1, 'stored', -1)
  appends.answered(3, 1, 'stored', 6)
  appends.answered(4, 1, 'superseded', -1)
  expect(told()).toEqual([['publishRefused', 5, 'refused', 1, 0x97]])
})

test('the trace context of a publisher is a header of the record, as Kafka consumers look for it', () => {
  const { appends, add } = window()
  add('a', { userProperties: [{ name: 'traceparent', value: traceparent }] })
  add('b', { userProperties: [{ name: 'traceparent', value: 'nonsense' }] })
  const [part] = appends.takeUnsent()
  const headers = [...unpack(part!.records, 0, 0)].map(({ body }) =>
    readBody(body, 0, body.length).header('traceparent')?.toString(),
  )
  expect(headers).toEqual([traceparent, undefined])
})

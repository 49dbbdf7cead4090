import { expect, test } from 'vitest'
import { observeCalls, RpcCalls } from './rpc-calls.ts'
import { recordingTracer } from './testing.ts'

const publish = '/tern.v1.MessagingService/Publish'
const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'

function setUp() {
  const tracer = recordingTracer()
  const calls = new RpcCalls()
  let now = 0
  const observe = observeCalls(calls, tracer, () => now)
  const call = (path: string, ms: number, failed?: Parameters<ReturnType<typeof observe>>[0], given?: string) => {
    const over = observe(path, { traceparent: given, peer: '127.0.0.1:5' })
    const { open } = calls
    now += ms
    over(failed)
    return open
  }
  return { tracer, calls, call }
}

test('a call is a span of its method in the trace of its caller, and is counted with what it ended with', () => {
  const { tracer, calls, call } = setUp()
  expect(call(publish, 30, undefined, traceparent)).toBe(1)
  expect(tracer.spans).toMatchObject([
    {
      name: 'tern.v1.MessagingService/Publish',
      attributes: { 'rpc.system.name': 'grpc', 'rpc.method': publish.slice(1), 'rpc.response.status_code': 'OK' },
      ended: { error: undefined },
    },
  ])
  const [[labels, histogram] = [[], undefined]] = calls.points()
  expect(labels).toEqual([publish.slice(1), 'OK'])
  expect([histogram?.count, histogram?.sum, calls.open]).toEqual([1, 0.03, 0])
})

test('what a caller did wrong does not fail the span; what the server did does', () => {
  const { tracer, call } = setUp()
  call(publish, 1, { code: 'INVALID_ARGUMENT', reason: 'TOPIC_NOT_VALID', message: 'the topic is not valid' })
  call(publish, 1, { code: 'UNAVAILABLE', reason: 'NO_OWNER', message: 'nobody owns the queue' })
  expect(
    tracer.spans.map(({ attributes, ended }) => [attributes['error.type'], (ended || { error: 'goes on' }).error]),
  ).toEqual([
    ['TOPIC_NOT_VALID', undefined],
    ['NO_OWNER', 'nobody owns the queue'],
  ])
})

test('health and reflection are asked by machines all the time: they are left out', () => {
  const { tracer, calls, call } = setUp()
  call('/grpc.health.v1.Health/Check', 1)
  expect([tracer.spans, calls.points()]).toEqual([[], []])
})

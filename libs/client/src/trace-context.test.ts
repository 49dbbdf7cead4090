import { AsyncLocalStorage } from 'node:async_hooks'
import { type Context, type ContextManager, context, ROOT_CONTEXT, trace } from '@opentelemetry/api'
import { message, messaging } from '@tern/proto'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { ReceivedMessage } from './received-message.ts'
import { activeTraceparent } from './trace-context.ts'

/** What an OpenTelemetry SDK registers at its start. */
function contextManager(): ContextManager {
  const storage = new AsyncLocalStorage<Context>()
  const manager: ContextManager = {
    active: () => storage.getStore() ?? ROOT_CONTEXT,
    with: (active, work, self, ...given) => storage.run(active, () => work.call(self as never, ...given)),
    bind: (_active, target) => target,
    enable: () => manager,
    disable: () => manager,
  }
  return manager
}

beforeEach(() => void context.setGlobalContextManager(contextManager()))
afterEach(() => context.disable())

const traceId = '4bf92f3577b34da6a3ce929d0e0e4736'
const spanId = '00f067aa0ba902b7'
const span = (traceFlags: number) => trace.setSpanContext(context.active(), { traceId, spanId, traceFlags })
const receive = (traceparent: string) =>
  new ReceivedMessage(
    messaging.Delivery.fromPartial({ message: message.Message.fromPartial({ topic: 't', traceparent }) }),
    () => {},
  )

test('the active span is what a message is told to follow, sampled or not', () => {
  expect(context.with(span(1), activeTraceparent)).toBe(`00-${traceId}-${spanId}-01`)
  expect(context.with(span(0), activeTraceparent)).toBe(`00-${traceId}-${spanId}-00`)
})

test('without an active span, or an SDK, there is nothing to follow', () => {
  expect(activeTraceparent()).toBeUndefined()
  context.disable()
  expect(context.with(span(1), activeTraceparent)).toBeUndefined()
})

test('what is done within a message follows its publisher, over awaits too', async () => {
  const received = receive(`00-${traceId}-${spanId}-01`)
  const seen = await received.within(async () => {
    await Promise.resolve()
    return trace.getSpanContext(context.active())
  })
  expect(seen).toEqual({ traceId, spanId, traceFlags: 1, isRemote: true })
  expect(activeTraceparent()).toBeUndefined()
})

test.each(['', 'nonsense', `ff-${traceId}-${spanId}-01`, `00-${'0'.repeat(32)}-${spanId}-01`])(
  'a message that names no span (%j) leaves the context as it is',
  (traceparent) => {
    const within = () => receive(traceparent).within(activeTraceparent)
    expect(within()).toBeUndefined()
    expect(context.with(span(1), within)).toBe(`00-${traceId}-${spanId}-01`)
  },
)

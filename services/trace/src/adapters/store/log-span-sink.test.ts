import { expect, test } from 'vitest'
import { viewOf } from '../../core/spans/trace-view.ts'
import { aSpan, aTrace } from '../../testing/spans.ts'
import { LogSpanSink } from './log-span-sink.ts'
import { storeWorld } from './store.fixture.ts'

const id = '0af7651916cd43dd8448eb211c80319c'
const { signal } = new AbortController()
const large = (name: string, bytes: number) => aSpan(name, { attributes: { text: 'x'.repeat(bytes) } })

test('a trace that is larger than a record is cut between its spans, and whole when it is read', async () => {
  const { sink, store, settled } = await storeWorld()
  const spans = Array.from({ length: 5 }, (_, i) => large(`span-${i}`, 400_000))
  expect(await sink.offer([aTrace(id, 'shop', spans)])).toEqual({ taken: true })
  await settled()
  const whole = viewOf({ id, resourceSpans: await store.trace(id, signal) })
  expect(whole!.spans.map(({ span }) => span.name).sort()).toEqual(spans.map(({ name }) => name))
})

test('a span that is larger than a record by itself goes without its attributes, and says so', async () => {
  const { sink, store, settled } = await storeWorld()
  expect(await sink.offer([aTrace(id, 'shop', [large('huge', 1_500_000)])])).toEqual({ taken: true })
  await settled()
  const [only] = viewOf({ id, resourceSpans: await store.trace(id, signal) })!.spans
  expect(only!.span).toMatchObject({ name: 'huge', attributes: [], droppedAttributesCount: 1 })
})

test('while the log takes traces more slowly than they come, nothing is taken, and the sender is told when to come again', async () => {
  const { traceLog } = await storeWorld()
  const sink = new LogSpanSink(traceLog, () => 2)
  traceLog.waitingBytes = 33 * 1024 * 1024
  expect(await sink.offer([aTrace(id, 'shop', [aSpan('a')])])).toMatchObject({ taken: false, retryAfterSeconds: 5 })
})

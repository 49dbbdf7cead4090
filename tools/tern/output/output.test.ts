import { expect, test } from 'vitest'
import { waterfall } from '../commands/trace.ts'
import { eventsOf } from '../event-stream.ts'
import { payloadLine } from './printable.ts'
import { millisOf, momentOf, span } from './time.ts'

async function* inPieces(text: string, size: number) {
  const bytes = new TextEncoder().encode(text)
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
}

test.each([1, 3, 1_000])('events are read from pieces of %i bytes, comments left out', async (size) => {
  const text = ': alive\n\ndata: {"a":"ä"}\nid: 5\n\nevent: error\ndata: one\ndata: two\n\ndata: cut'
  const events = []
  for await (const event of eventsOf(inPieces(text, size))) events.push(event)
  expect(events).toEqual([
    { event: 'message', id: '5', data: '{"a":"ä"}' },
    { event: 'error', id: '', data: 'one\ntwo' },
  ])
})

test('a payload is text when it is UTF-8, else its first bytes', () => {
  const line = (bytes: Buffer) => payloadLine(bytes.toString('base64'))
  expect(line(Buffer.from('grüß\n'))).toBe('grüß\\u000a')
  expect(line(Buffer.from([0xff, 0x00]))).toBe('0xff00')
  expect(payloadLine(undefined)).toBe('')
})

test('moments are spans back from now, or times', () => {
  const now = Date.parse('2026-11-22T14:00:00Z')
  expect(momentOf('10m', now)?.toISOString()).toBe('2026-11-22T13:50:00.000Z')
  expect(momentOf('2d', now)?.toISOString()).toBe('2026-11-20T14:00:00.000Z')
  expect(momentOf('2026-11-01T00:00:00Z', now)?.toISOString()).toBe('2026-11-01T00:00:00.000Z')
  expect(momentOf('soon', now)).toBeUndefined()
  expect([span(999), span(61_000), span(90_000_000)]).toEqual(['999 ms', '1 min', '1 d'])
  expect(millisOf('1.5s')).toBe(1_500)
})

test('a trace is a waterfall: children below their parents, failures in words', () => {
  const at = (start: number, duration: number) => ({
    startUnixNano: `${1_000_000_000_000_000_000n + BigInt(start) * 1_000_000n}`,
    durationNano: `${duration * 1e6}`,
  })
  const lines = waterfall({
    ...{ messageId: '7-1', traceId: 'ab', ...at(0, 10), folded: '3', incomplete: true },
    spans: [
      { spanId: '1', parentSpanId: '', name: 'publish', ...at(0, 5), zone: 'az-a' },
      { spanId: '2', parentSpanId: '1', name: 'append', ...at(1, 3) },
      { spanId: '3', parentSpanId: '2', name: 'deliver', ...at(5, 5), status: 'error', statusMessage: 'expired' },
    ],
  })
  expect(lines[0]).toMatch(/^7-1 .* 10 ms$/)
  expect(lines[1]).toBe(`  publish      ${'▇'.repeat(12).padEnd(24)}    5.0 ms  az-a`)
  expect(lines[3]).toBe(`      deliver  ${' '.repeat(12)}${'▇'.repeat(12)}    5.0 ms    failed: expired`)
  expect(lines.slice(4)).toEqual([
    '  … and 3 more deliveries',
    '  ! entries of that time were lost: deliveries may be missing',
  ])
})

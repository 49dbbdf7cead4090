// What a trace service does for each message: `npx node bench/ingest.ts [--rate 100000] [--seconds 10]`. A region of its own, whose trace
// service is told of so many messages a second by three proxies, each published at QoS 1 and delivered once, in blocks as proxies make them.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { ledger } from '@tern/proto'
import { BlockBuffer, Ledger, microsecondsOf } from '@tern/proxy/testing'
import { entryKind } from '@tern/record'
import { dialStream } from '@tern/rpc'
import { startRegion } from '../test/support/region.ts'
import { cpuSecondsOf } from './processes.ts'

const { values } = parseArgs({
  options: {
    rate: { type: 'string', default: '100000' },
    seconds: { type: 'string', default: '10' },
    clients: { type: 'string', default: '20' },
  },
})
const rate = Number(values.rate)
const seconds = Number(values.seconds)
const warmSeconds = 3
const proxies = 3
const queues = 12
const flushMs = 200
const names = Array.from({ length: Number(values.clients) }, (_, i) => ({
  publisher: `publisher-${i}`,
  subscriber: `subscriber-${i}`,
  topic: `bench/${i}/temperature`,
  filter: `bench/${i}/#`,
}))

/** One proxy: tells what is due, and ships it. */
function proxy(number: number, address: string) {
  const buffer = new BlockBuffer(number, 'az-a')
  const told = new Ledger({
    microseconds: microsecondsOf(Date.now, () => performance.now()),
    drawContext: () => ({ traceId: '1'.repeat(32), spanId: '0'.repeat(16) }),
    wake() {},
    full: (ring) => buffer.take(ring),
  })
  const stream = dialStream<ledger.RecordRequest, ledger.RecordResponse>(address, ledger.LedgerServiceService.record)
  const send = () => {
    for (let block = buffer.next(); block !== undefined; block = buffer.next()) {
      stream.send({ sequence: block.sequence, queue: block.queue, block: block.bytes })
    }
  }
  stream.listen({
    frame({ sequences }) {
      for (const sequence of sequences) buffer.answered(sequence)
      send()
    },
    end: (reason) => process.stderr.write(`the trace service went: ${reason}\n`),
  })
  let next = number
  return {
    tell(count: number) {
      const now = told.now()
      for (let i = 0; i < count; i++, next += proxies) {
        const { publisher, subscriber, topic, filter } = names[next % names.length]!
        const at = now - flushMs * 1_000 * (1 - i / count)
        told.put(entryKind.published, next % queues, next, 1, at, at + 9_000, at + 9_100, publisher, topic)
        told.put(entryKind.acked, next % queues, next, 1, at + 9_000, at + 12_000, at + 12_000, subscriber, filter)
      }
      buffer.take(told.ring)
      buffer.close()
      send()
    },
    dropped: () => buffer.droppedEntries,
    end: () => stream.end(),
  }
}

process.env['TERN_TRACE'] = 'false'
const region = await startRegion(undefined, { onlookers: ['trace'] })
try {
  const pidOf = (name: string) => Number(readFileSync(join(region.plan.folder, 'run', `${name}.pid`), 'utf8'))
  const watched = ['trace', 'log'].map((name) => ({ name, pid: pidOf(name) }))
  const all = Array.from({ length: proxies }, (_, i) => proxy(i, region.plan.trace.rpc))
  let messages = 0
  const timer = setInterval(() => {
    for (const each of all) each.tell(Math.round((rate * flushMs) / 1_000 / proxies))
    messages += Math.round((rate * flushMs) / 1_000)
  }, flushMs)
  const look = () => ({ messages, cpu: watched.map(({ pid }) => cpuSecondsOf([pid])) })
  await new Promise((resolve) => setTimeout(resolve, warmSeconds * 1_000))
  const before = look()
  await new Promise((resolve) => setTimeout(resolve, seconds * 1_000))
  const after = look()
  clearInterval(timer)
  const count = after.messages - before.messages
  for (const [i, { name }] of watched.entries()) {
    const micros = ((after.cpu[i]! - before.cpu[i]!) * 1e6) / count
    process.stdout.write(`${name}: ${micros.toFixed(2)} µs of CPU a message, ${(micros / 2).toFixed(2)} in or out\n`)
  }
  const dropped = all.reduce((sum, each) => sum + each.dropped(), 0)
  process.stdout.write(`${Math.round(count / seconds)} messages/s, ${dropped} of their entries found no room\n`)
  for (const each of all) each.end()
} finally {
  await region.stop()
}

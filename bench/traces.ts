// How long traces take to be found: `npx node bench/traces.ts [--messages 100000] [--queues 12]`. Messages of one hour, and what a proxy tells of
// each, are written to an embedded log of its own; then a store as a trace service has it is asked.
import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { connectEmbeddedLog, type Log, ternTopics } from '@tern/log'
import { envelope } from '@tern/proto'
import { BlockWriter, encodeBatch, encodeBody, encodeEnvelope, entryKind } from '@tern/record'
import { silentLogger, systemClock } from '@tern/runtime'
import { traceIds, traceKeyUnlessTold } from '@tern/telemetry'
import {
  blockRecord,
  LogTraceStore,
  MessageReader,
  RecordReader,
  searchTraces,
  TraceFold,
  TraceIndex,
} from '@tern/trace/testing'
import { freePorts, loopback } from '../tools/region/ports.ts'

const { values } = parseArgs({
  options: { messages: { type: 'string', default: '100000' }, queues: { type: 'string', default: '12' } },
})
const messages = Number(values.messages)
const queues = Number(values.queues)
const hourUs = 3_600_000_000
const startUs = Date.now() * 1_000 - hourUs
const perBatch = 500
const clients = 100_000
const lookedAtMax = 100_000
const ids = traceIds(traceKeyUnlessTold)

const timeOf = (i: number) => Math.floor(startUs + (i / messages) * hourUs)
const clientOf = (i: number) => `sensor-${i % clients}`
const topicOf = (i: number) => `plants/north/${clientOf(i)}/temperature`

/** So many messages of one queue, and a block about them. The log stamps its own time; the ledger's are those of the hour. */
async function write(log: Log, queue: number, count: number): Promise<void> {
  for (let from = 0; from < count; from += perBatch) {
    const last = Math.min(count, from + perBatch)
    const writer = new BlockWriter({ queue, proxy: 1, zone: 'az-a' })
    const bodies: Buffer[] = []
    for (let position = from; position < last; position++) {
      const i = position * queues + queue
      const header = encodeEnvelope(envelope.Envelope.create({ clientId: clientOf(i), qos: 1 }))
      bodies.push(encodeBody(Buffer.from(topicOf(i)), Buffer.alloc(64), [['tern', header]]))
      const at = timeOf(i)
      writer.add(entryKind.published, position, 1, at, at + 900, at + 950, clientOf(i), topicOf(i), 1, 0, '')
      const kind = i % 10_007 === 0 ? entryKind.expired : entryKind.acked
      writer.add(kind, position, 1, at + 1_000, at + 2_000, at + 2_000, `app-${i % 7}`, 'plants/#', 1, 0, '')
    }
    await Promise.all([
      log.append('tern.messages', queue, encodeBatch(bodies)),
      log.append('tern.trace', queue, encodeBatch([blockRecord(writer.finish())])),
    ])
  }
}

async function timed<T>(task: () => Promise<T>): Promise<[milliseconds: number, result: T]> {
  const began = performance.now()
  const result = await task()
  return [performance.now() - began, result]
}

function say(what: string, milliseconds: number[], limitMs: number): void {
  const sorted = [...milliseconds].sort((a, b) => a - b)
  const at = (share: number) => (sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0).toFixed(1)
  process.stdout.write(`${what}: p50 ${at(0.5)} ms, p99 ${at(0.99)} ms (limit ${limitMs} ms)\n`)
}

/** Until twenty traces were found, as Grafana asks. */
async function search(store: LogTraceStore, query: string, fromUs = startUs): Promise<void> {
  const seconds = (us: number) => ({ seconds: Math.floor(us / 1e6), nanos: 0 })
  const request = { query, startTime: seconds(fromUs), endTime: seconds(startUs + 2 * hourUs), limit: 20 }
  await searchTraces(store, ids, request, Date.now(), new AbortController().signal)
}

const folder = mkdtempSync(join(tmpdir(), 'tern-bench-traces-'))
const [port, metrics] = await freePorts(2)
const address = `${loopback}:${port}`
const main = join(import.meta.dirname, '../libs/log/src/embedded/main.ts')
const flags = ['--listen', address, '--data', folder, '--metrics', `${loopback}:${metrics}`]
const child = spawn(process.execPath, [main, ...flags], { stdio: ['ignore', 'ignore', 'inherit'] })
try {
  const log = connectEmbeddedLog(address)
  await log.provision(ternTopics(queues))
  const perQueue = Math.ceil(messages / queues)
  const [wrote] = await timed(() =>
    Promise.all(Array.from({ length: queues }, (_, queue) => write(log, queue, perQueue))),
  )
  process.stdout.write(`${perQueue * queues} messages written in ${(wrote / 1_000).toFixed(1)} s\n`)
  const index = new TraceIndex()
  const fold = new TraceFold({ log, index, queues, clock: systemClock, logger: silentLogger })
  const [folded] = await timed(() => fold.ready)
  process.stdout.write(`index of ${index.stretches} stretches made from the log in ${(folded / 1_000).toFixed(1)} s\n`)
  const fresh = () =>
    new LogTraceStore({ index, records: new RecordReader(log), messages: new MessageReader(log), traceIds: ids })
  const byId: number[] = []
  for (let i = 0; i < 200; i++) {
    const id = ids.traceIdOf(i % queues, Math.floor(Math.random() * perQueue))
    const [took, spans] = await timed(() => fresh().trace(id, new AbortController().signal))
    if (spans.length === 0) throw new Error(`trace ${id} was not found`)
    byId.push(took)
  }
  say('trace by id', byId, 50)
  const kinds: [string, (i: number) => string][] = [
    ['anything', () => '{}'],
    ['by client', (i) => `{ span.messaging.client.id = "${clientOf(i * 37)}" }`],
    ['by topic', (i) => `{ span.messaging.destination.name = "${topicOf(i * 41)}" }`],
    ['by a pattern of topics', () => '{ span.messaging.destination.name =~ "plants/north/sensor-.*1/temperature" }'],
    ['errors', () => '{ status = error }'],
    ['a client that is not there', () => '{ span.messaging.client.id = "nobody" }'],
  ]
  for (const [what, query] of kinds) {
    const times: number[] = []
    for (let i = 1; i <= 10; i++) times.push((await timed(() => search(fresh(), query(i))))[0])
    say(`the last hour, ${what}`, times, 1_000)
  }
  // What nothing prunes is looked for in all there is: a figure for each message, and no limit.
  const lookedAt = Math.min(messages, lookedAtMax)
  for (const [what, query] of [
    ['a topic that is not there, by its pattern', '{ span.messaging.destination.name =~ ".*nowhere.*" }'],
    ['what no block tells of', '{ span.messaging.message.body.size > 1000 }'],
  ] as const) {
    const [took] = await timed(() => search(fresh(), query, timeOf(messages - lookedAt)))
    process.stdout.write(`${what}: ${((took * 1_000) / lookedAt).toFixed(1)} µs for each message of the time\n`)
  }
  fold.stop()
  await log.close()
} finally {
  child.kill('SIGKILL')
  rmSync(folder, { recursive: true, force: true })
}

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
import { blockRecord, LogTraceStore, MessageReader, RecordReader, TraceFold, TraceIndex } from '@tern/trace/testing'
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

type Condition = Readonly<{ scope: 'span' | 'intrinsic'; name: string; type: 'string' | 'status'; value: string }>

/** Until twenty traces were found, as Grafana asks. */
async function search(store: LogTraceStore, condition: Condition | undefined): Promise<number> {
  const { signal } = new AbortController()
  const range = { start: BigInt(startUs) * 1_000n, end: BigInt(startUs + 2 * hourUs) * 1_000n }
  const conditions = condition
    ? [
        {
          attribute: { scope: condition.scope, name: condition.name },
          operator: '=' as const,
          value: { type: condition.type, value: condition.value },
        },
      ]
    : []
  let found = 0
  for await (const { traces } of store.search({ range, hints: { alternatives: [conditions] } }, signal)) {
    found += traces.length
    if (found >= 20) break
  }
  return found
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
  const client = (i: number): Condition => ({
    scope: 'span',
    name: 'messaging.client.id',
    type: 'string',
    value: clientOf(i),
  })
  const topic = (i: number): Condition => ({
    scope: 'span',
    name: 'messaging.destination.name',
    type: 'string',
    value: topicOf(i),
  })
  const kinds: [string, (i: number) => Condition | undefined][] = [
    ['the last hour, anything', () => undefined],
    ['the last hour, by client', (i) => client(i * 37)],
    ['the last hour, by topic', (i) => topic(i * 41)],
    ['the last hour, errors', () => ({ scope: 'intrinsic', name: 'status', type: 'status', value: 'error' })],
    ['the last hour, a client that is not there', () => ({ ...client(0), value: 'nobody' })],
  ]
  for (const [what, condition] of kinds) {
    const times: number[] = []
    for (let i = 1; i <= 10; i++) times.push((await timed(() => search(fresh(), condition(i))))[0])
    say(what, times, 1_000)
  }
  fold.stop()
  await log.close()
} finally {
  child.kill('SIGKILL')
  rmSync(folder, { recursive: true, force: true })
}

import { createMemoryLog, type MemoryLog, ternTopics } from '@tern/log'
import { envelope } from '@tern/proto'
import {
  BlockWriter,
  type EntryContext,
  encodeBatch,
  encodeBody,
  encodeEnvelope,
  entryKind,
  type Lost,
} from '@tern/record'
import { silentLogger, systemClock } from '@tern/runtime'
import { traceIds, traceKeyUnlessTold } from '@tern/telemetry'
import { indexLimits, TraceIndex } from '../../core/index/trace-index.ts'
import { MessageReader } from '../log/message-reader.ts'
import { RecordReader } from '../log/record-reader.ts'
import { TraceFold } from '../log/trace-fold.ts'
import { TraceLog } from '../log/trace-log.ts'
import { blockRecord } from '../log/trace-record.ts'
import { LogSpanSink } from './log-span-sink.ts'
import { LogTraceStore } from './log-trace-store.ts'

const nowMs = 1_700_000_000_000
const queues = 2
export const ids = traceIds(traceKeyUnlessTold)

export type Entry = Readonly<{
  kind: keyof typeof entryKind
  position: number
  startUs: number
  middleUs?: number
  endUs?: number
  client?: string
  name?: string
  qos?: number
  attempt?: number
  code?: number
  reason?: string
  context?: EntryContext
}>

export type Published = Partial<envelope.Envelope> &
  Readonly<{ topic: string; payload?: string; headers?: [string, Buffer][] }>

/** A trace store over a log in memory. */
export async function storeWorld({
  stretchBytes = indexLimits.stretchBytes,
  log = createMemoryLog({ now: () => nowMs }),
}: {
  stretchBytes?: number
  log?: MemoryLog
} = {}) {
  await log.provision(ternTopics(queues))
  const index = new TraceIndex({ ...indexLimits, stretchBytes })
  const records = new RecordReader(log)
  const store = new LogTraceStore({ index, records, messages: new MessageReader(log), traceIds: ids })
  const traceLog = new TraceLog(log, systemClock, silentLogger)
  const following = new TraceFold({ log, index, queues, clock: systemClock, logger: silentLogger })
  await following.ready

  const settled = async () => {
    const ends = await log.offsets('tern.trace', [0, 1])
    while (ends.some(({ end }, queue) => following.knownTo(queue) < end))
      await new Promise((resolve) => setImmediate(resolve))
  }

  /** Gives the position. */
  const publish = async (
    queue: number,
    { topic, payload = 'x', headers = [], ...fields }: Published,
  ): Promise<number> => {
    const header = encodeEnvelope(
      envelope.Envelope.create({ clientId: 'pub', qos: 1, receiveTimeMs: nowMs - 1, ...fields }),
    )
    const body = encodeBody(Buffer.from(topic), Buffer.from(payload), [['tern', header], ...headers])
    return (await log.append('tern.messages', queue, encodeBatch([body]))).baseOffset
  }

  /** One block of these entries. */
  const tell = async (
    queue: number,
    entries: readonly Entry[],
    { zone = 'az-a', proxy = 1, lost }: { zone?: string; proxy?: number; lost?: Lost } = {},
  ) => {
    const writer = new BlockWriter({ queue, proxy, zone })
    for (const each of entries) {
      const { kind, position, startUs, middleUs = startUs, endUs = middleUs, client = 'sub', name = 'f/#' } = each
      const { qos = 1, attempt = 1, code = 0, reason = '', context } = each
      writer.add(entryKind[kind], position, qos, startUs, middleUs, endUs, client, name, attempt, code, reason, context)
    }
    await new Promise<void>((durable) => traceLog.append(queue, blockRecord(writer.finish(lost)), durable))
    await settled()
  }

  const sink = new LogSpanSink(traceLog, () => queues)
  return { log, index, store, traceLog, sink, publish, tell, settled }
}

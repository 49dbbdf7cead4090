import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { startServer } from '@tern/rpc'
import { createLogger, systemClock } from '@tern/runtime'
import { openTelemetry, serveEndpointsOrExit } from '@tern/telemetry/node'
import { compactionLagMs } from '../compaction.ts'
import { Catalog } from './catalog.ts'
import { CommitRefused } from './journal.ts'
import { lockFolder, unlockFolder } from './lock.ts'
import { LogCounters, logMetrics } from './metrics.ts'
import { createLogService } from './service.ts'
import { Store } from './store.ts'

const retentionEveryMs = 60_000
const compactionEveryMs = 10_000
const compactionBreathMs = 5

function refuse(sentence: string): never {
  process.stderr.write(`${sentence}\n`)
  process.exit(2)
}

function readFlags(): { listen: string; data: string; metrics: string | undefined } {
  try {
    const text = { type: 'string' } as const
    const { listen, data, metrics } = parseArgs({ options: { listen: text, data: text, metrics: text } }).values
    const isAddress = (given: string | undefined) => given === undefined || /^.+:\d+$/.test(given)
    if (listen !== undefined && data !== undefined && isAddress(listen) && isAddress(metrics))
      return { listen, data, metrics }
  } catch {
    // Answered below, like flags that are missing.
  }
  return refuse('Start the log with --listen HOST:PORT --data FOLDER, and --metrics HOST:PORT if you like.')
}

function fromEnvironment(name: string, otherwise: number, min: number): number {
  const text = process.env[name] ?? String(otherwise)
  const value = Number(text)
  if (Number.isSafeInteger(value) && value >= min && value <= 1024 ** 3) return value
  return refuse(`${name} is "${text}"; give a whole number from ${min} to 1073741824.`)
}

const { listen, data, metrics } = readFlags()
const segmentBytes = fromEnvironment('TERN_LOG_SEGMENT_BYTES', 64 * 1024 * 1024, 4096)
const lagMs = fromEnvironment('TERN_LOG_COMPACTION_LAG_MS', compactionLagMs, 0)
const dirtyBytesMin = fromEnvironment('TERN_LOG_COMPACTION_MIN_BYTES', 1024 * 1024, 0)
const commitIntervalMs = fromEnvironment('TERN_LOG_COMMIT_INTERVAL_MS', 1, 0)
const logger = createLogger()

function lock(): void {
  let holder: number | undefined
  try {
    holder = lockFolder(data)
  } catch (error) {
    refuse(`The data folder ${data} cannot be used: ${(error as Error).message}.`)
  }
  if (holder !== undefined) refuse(`The data folder ${data} is in use by process ${holder}; stop it first.`)
}

function openStore(): Store {
  try {
    const folder = join(data, 'journal')
    return new Store({
      ...{ folder, segmentBytes, now: systemClock.now, compactionLagMs: lagMs, dirtyBytesMin },
      catalog: new Catalog(join(data, 'catalog')),
      notSealed: (segment, error) => logger.warn('a segment could not be noted', { segment, error: String(error) }),
    })
  } catch (error) {
    unlockFolder(data)
    return refuse(`The log in ${data} cannot be opened: ${(error as Error).message}.`)
  }
}

function stop(code: number): never {
  unlockFolder(data)
  process.exit(code)
}

/** After a failed fsync nobody knows what is on disk: the next start reads what is. */
function fatal(error: Error): never {
  logger.error('the disk failed; the log ends', { reason: error.message })
  return stop(1)
}

lock()
const store = openStore()
const counters = new LogCounters()
const stopwatch = () => performance.now()
const service = createLogService(store, { clock: systemClock, stopwatch, logger, commitIntervalMs, counters, fatal })
await serveEndpointsOrExit(metrics === undefined ? [] : [metrics], {
  metrics: [logMetrics(counters, store)],
  ready: { log: () => store.refusal === undefined },
  identity: { service: 'log', zone: '', instance: randomUUID() },
  exporting: await openTelemetry({ env: process.env, clock: systemClock, logger }),
})
const server = await startServer(listen, [service]).catch((error: Error) => {
  unlockFolder(data)
  return refuse(`${error.message}.`)
})
const retain = () => {
  try {
    store.retain()
  } catch (error) {
    logger.warn('segments could not be given back', { reason: (error as Error).message })
  }
}
setInterval(retain, retentionEveryMs)

/** A step, then a breath for the commits that wait. */
function clean(): void {
  let more = false
  try {
    more = store.compactStep()
  } catch (error) {
    if (!(error instanceof CommitRefused)) fatal(error as Error)
    logger.warn('nothing can be compacted now', { reason: (error as Error).message })
  }
  setTimeout(clean, more ? compactionBreathMs : compactionEveryMs)
}
clean()
process.on('SIGTERM', () => stop(0))
process.on('SIGINT', () => stop(0))
process.stdout.write(`log ready on ${server.address}\n`)

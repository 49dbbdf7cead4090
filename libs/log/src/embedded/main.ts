import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { startServer } from '@tern/rpc'
import { createLogger } from '@tern/runtime'
import { lockFolder, unlockFolder } from './lock.ts'
import { createLogService } from './service.ts'
import { Store } from './store.ts'

const retentionEveryMs = 60_000

function refuse(sentence: string): never {
  process.stderr.write(`${sentence}\n`)
  process.exit(2)
}

function readFlags(): { listen: string; data: string } {
  try {
    const { values } = parseArgs({ options: { listen: { type: 'string' }, data: { type: 'string' } } })
    if (values.listen !== undefined && values.data !== undefined && /^.+:\d+$/.test(values.listen))
      return { listen: values.listen, data: values.data }
  } catch {
    // Answered below, like flags that are missing.
  }
  return refuse('Start the log with --listen HOST:PORT --data FOLDER and nothing else.')
}

function readSegmentBytes(): number {
  const text = process.env['TERN_LOG_SEGMENT_BYTES'] ?? String(64 * 1024 * 1024)
  const bytes = Number(text)
  if (Number.isSafeInteger(bytes) && bytes >= 4096 && bytes <= 1024 ** 3) return bytes
  return refuse(`TERN_LOG_SEGMENT_BYTES is "${text}"; give a whole number from 4096 to 1073741824.`)
}

const { listen, data } = readFlags()
const segmentBytes = readSegmentBytes()
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
    return new Store({ folder: join(data, 'journal'), segmentBytes, now: Date.now })
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
const server = await startServer(listen, [createLogService(store, fatal)]).catch((error: Error) => {
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
process.on('SIGTERM', () => stop(0))
process.on('SIGINT', () => stop(0))
process.stdout.write(`log ready on ${server.address}\n`)

// A trace service as a process of its own: `npx node services/trace/src/main.ts --zone az-a --nameservers 127.0.0.1:7400 --log 127.0.0.1:7300`.
import { randomUUID } from 'node:crypto'
import { settingsOrExit } from '@tern/config'
import { exitCodeFor, openLog } from '@tern/log'
import { createLogger, systemClock } from '@tern/runtime'
import { reportNumbers, serveEndpointsOrExit } from '@tern/telemetry/node'
import { checkSettings, configOf, settings } from './settings.ts'
import { createTraceService } from './trace.ts'

const given = settingsOrExit('trace [flags]: keeps and shows the traces of a region', settings, checkSettings)
const { zone } = given
const logger = createLogger().child({ service: 'trace', zone })
const log = await openLog(given, systemClock, logger).catch(refuse)
const trace = createTraceService(configOf(given, randomUUID), { log, clock: systemClock, logger })

// While no nameserver answers it has neither sockets nor timers that would keep its process alive, and waits for one all the same.
setInterval(() => {}, 2 ** 30)

async function stop(): Promise<never> {
  trace.stop()
  await log.close()
  process.exit(0)
}
process.on('SIGTERM', stop)
process.on('SIGINT', stop)

function refuse(error: Error): never {
  process.stderr.write(`cannot start: ${error.message}.\n`)
  process.exit(exitCodeFor(error))
}

const identity = { service: 'trace', zone, instance: randomUUID() }
await serveEndpointsOrExit(given.metrics, { metrics: [trace.metrics], ready: { trace: trace.serves }, identity })
reportNumbers({ metrics: [trace.metrics], zone, nameservers: given.nameservers, clock: systemClock })
await trace.start().catch(refuse)
process.send?.({ serving: 'trace' })
process.stdout.write(`trace ready on ${trace.address()}\n`)

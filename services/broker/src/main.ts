// A broker as a process of its own: `npx node services/broker/src/main.ts --zone az-a --nameservers 127.0.0.1:7400 --log 127.0.0.1:7300`.
import { randomUUID } from 'node:crypto'
import { settingsOrExit } from '@tern/config'
import { exitCodeFor, openLog } from '@tern/log'
import { createLogger, systemClock } from '@tern/runtime'
import { openTelemetry, reportNumbers, serveEndpointsOrExit } from '@tern/telemetry/node'
import { createBroker } from './broker.ts'
import { checkSettings, settings } from './settings.ts'

const given = settingsOrExit('broker [flags]: owns queues of a region', settings, checkSettings)
const { zone, listen, nameservers, sessionsMax, retainedMax, retainedBytesMax, groupsMax } = given
const logger = createLogger().child({ service: 'broker', zone })
const log = await openLog(given, systemClock, logger).catch(refuse)
const quotas = { sessionsMax, retainedMax, retainedBytesMax, groupsMax }
const identity = { service: 'broker', zone, instance: randomUUID() }
const exporting = await openTelemetry({ env: process.env, clock: systemClock, logger })
const broker = createBroker(
  { zone, nonce: randomUUID, listen, nameservers, quotas, endpoints: { metrics: given.metrics[0] ?? '' } },
  { log, clock: systemClock, logger, tracer: exporting.tracerOf(identity) },
)

async function stop(): Promise<never> {
  broker.stop()
  await log.close()
  await exporting.stop()
  process.exit(0)
}
process.on('SIGTERM', stop)
process.on('SIGINT', stop)

function refuse(error: Error): never {
  const taken = error.message.includes('EADDRINUSE')
  const sentence = taken
    ? `cannot serve on ${listen}: another process listens there; stop that one, or give another address with --listen`
    : `cannot start: ${error.message}`
  process.stderr.write(`${sentence}.\n`)
  process.exit(exitCodeFor(error))
}

const ready = { broker: broker.serves }
await serveEndpointsOrExit(given.metrics, { metrics: [broker.metrics], ready, identity, exporting })
reportNumbers({ metrics: [broker.metrics], zone, nameservers, clock: systemClock })
await broker.start().catch(refuse)
process.stdout.write(`broker ready on ${broker.address()}\n`)

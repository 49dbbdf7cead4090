// A nameserver as a process of its own: `npx node services/nameserver/src/main.ts --zone az-a --log 127.0.0.1:7300`.
import { randomUUID } from 'node:crypto'
import { settingsOrExit } from '@tern/config'
import { exitCodeFor, openLog } from '@tern/log'
import { createLogger, systemClock } from '@tern/runtime'
import { openTelemetry, reportNumbers, serveEndpointsOrExit } from '@tern/telemetry/node'
import { createNameserver } from './nameserver.ts'
import { checkSettings, configOf, settings } from './settings.ts'

const given = settingsOrExit('nameserver [flags]: one of the equal nameservers of a region', settings, checkSettings)
const logger = createLogger().child({ service: 'nameserver', zone: given.zone })
const log = await openLog(given, systemClock, logger).catch(refuse)
const identity = { service: 'nameserver', zone: given.zone, instance: randomUUID() }
const exporting = await openTelemetry({ env: process.env, clock: systemClock, logger })
const tracer = exporting.tracerOf(identity)
const nameserver = createNameserver(configOf(given, randomUUID()), { log, clock: systemClock, logger, tracer })

// While its log does not answer it has neither sockets nor timers that would keep its process alive, and waits for it all the same.
setInterval(() => {}, 2 ** 30)

async function stop(): Promise<never> {
  nameserver.stop()
  await log.close()
  await exporting.stop()
  process.exit(0)
}
process.on('SIGTERM', stop)
process.on('SIGINT', stop)

function refuse(error: Error): never {
  const taken = error.message.includes('EADDRINUSE')
  const sentence = taken
    ? `cannot serve on ${given.listen}: another process listens there; stop that one, or give another address with --listen`
    : `cannot start with the log (--log ${given.log}): ${error.message}`
  process.stderr.write(`${sentence}.\n`)
  process.exit(exitCodeFor(error))
}

const ready = { nameserver: nameserver.serves }
await serveEndpointsOrExit(given.metrics, { metrics: [nameserver.metrics], ready, identity, exporting })
await nameserver.start().catch(refuse)
const nameservers = [nameserver.address(), ...given.peers]
reportNumbers({ metrics: [nameserver.metrics], zone: given.zone, nameservers, clock: systemClock })
process.stdout.write(`nameserver ready on ${nameserver.address()}\n`)

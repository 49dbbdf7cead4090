// A proxy as a process of its own: `npx node services/proxy/src/main.ts --zone az-a --nameservers 127.0.0.1:7400`.
import { randomUUID } from 'node:crypto'
import { settingsOrExit } from '@tern/config'
import { createLogger, systemClock } from '@tern/runtime'
import { openTelemetry, reportNumbers, serveEndpointsOrExit } from '@tern/telemetry/node'
import { createProxy } from './proxy.ts'
import { checkSettings, configOf, settings } from './settings.ts'

const given = settingsOrExit('proxy [flags]: speaks MQTT with the clients of a zone', settings, checkSettings)
const logger = createLogger().child({ service: 'proxy', zone: given.zone })
const identity = { service: 'proxy', zone: given.zone, instance: randomUUID() }
const exporting = await openTelemetry({ env: process.env, clock: systemClock, logger })
const tracer = exporting.tracerOf(identity)
const proxy = createProxy(configOf(given, randomUUID), { clock: systemClock, logger, tracer })

// While no nameserver answers it has neither sockets nor timers that would keep its process alive, and waits for one all the same.
setInterval(() => {}, 2 ** 30)

async function stop(): Promise<never> {
  await proxy.stop()
  await exporting.stop()
  process.exit(0)
}
process.on('SIGTERM', stop)
process.on('SIGINT', stop)

function refuse(error: Error): never {
  process.stderr.write(`${error.message}; give another address, or stop who listens there.\n`)
  process.exit(1)
}

const ready = { proxy: proxy.serves }
await serveEndpointsOrExit(given.metrics, { metrics: [proxy.metrics], ready, identity, exporting })
const { zone, nameservers } = given
reportNumbers({ metrics: [proxy.metrics], zone, nameservers, clock: systemClock })
await proxy.start().catch(refuse)
process.stdout.write(`proxy ready on ${given.mqtt}\n`)

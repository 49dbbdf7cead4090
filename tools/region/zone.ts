// One zone of a region on one machine: a nameserver, a broker and a proxy in one process, which the supervisor starts and kills.
import { randomUUID } from 'node:crypto'
import { createBroker, quotasUnlessTold } from '@tern/broker'
import { readSettings } from '@tern/config'
import { exitCodeFor, logSettings, openLog } from '@tern/log'
import { createNameserver } from '@tern/nameserver'
import { createProxy, overGrpc, settings as proxySettings } from '@tern/proxy'
import { createLogger, systemClock } from '@tern/runtime'
import { traceKeySetting } from '@tern/telemetry'
import { openTelemetry, reportNumbers, serveEndpointsOrExit } from '@tern/telemetry/node'
import { flagsOrExit } from '../flags.ts'
import { queuesOfRegion } from './plan.ts'

const given = (help: string) => ({ default: '', help })
const flags = flagsOrExit('zone.ts [flags]: one zone; npm start runs three', {
  zone: given('its name'),
  nameserver: given('address its nameserver serves on'),
  nameservers: given('addresses of all nameservers, with commas'),
  broker: given('address its broker serves on'),
  proxy: given('address its proxy serves to other services'),
  mqtt: given('its own MQTT address'),
  'mqtt-shared': given('MQTT address shared with the other zones'),
  websocket: given('its own WebSocket address'),
  'websocket-shared': given('WebSocket address shared with the other zones'),
  api: given('its own address of the public API'),
  'api-shared': given('address of the public API shared with the other zones'),
  metrics: given('address for what it counts'),
})

type Part = Readonly<{ start(): Promise<unknown>; stop(): unknown }>

const logger = createLogger().child({ zone: flags.zone })
const { trace, tellTraces } = proxySettings
/** As whoever starts a service alone would say it, in the environment. */
const { settings, problems } = readSettings(
  { ...logSettings, trace, tellTraces, traceKey: traceKeySetting },
  [],
  process.env,
)
if (settings === undefined) throw new Error(problems.join('; '))
const log = await openLog(settings, systemClock, logger).catch((error: Error) => {
  process.stderr.write(`cannot start: ${error.message}.\n`)
  return process.exit(exitCodeFor(error))
})

const nameservers = flags.nameservers.split(',')
const ports = { log, clock: systemClock, logger }
const instance = randomUUID()
const exporting = await openTelemetry({ env: process.env, clock: systemClock, logger })
/** Three services in one process are three resources. */
const portsOf = (service: string) => ({ ...ports, tracer: exporting.tracerOf({ service, zone: flags.zone, instance }) })

const broker = createBroker(
  {
    zone: flags.zone,
    nonce: randomUUID,
    listen: flags.broker,
    nameservers,
    quotas: quotasUnlessTold,
    endpoints: { metrics: flags.metrics },
  },
  portsOf('broker'),
)
/** A third of all links is one of a zone to itself. */
const dialBroker = (address: string) => (address === broker.address() ? broker.connect() : overGrpc(address))

const nameserver = createNameserver(
  {
    name: flags.zone,
    nonce: randomUUID(),
    zone: flags.zone,
    listen: flags.nameserver,
    peers: nameservers.filter((address) => address !== flags.nameserver),
    queues: queuesOfRegion,
    movesMax: 2,
  },
  portsOf('nameserver'),
)
const proxy = createProxy(
  {
    zone: flags.zone,
    nonce: randomUUID,
    drawId: () => `auto-${randomUUID()}`,
    nameservers,
    mqtt: flags.mqtt,
    rpc: flags.proxy,
    metrics: flags.metrics,
    mqttShared: [flags['mqtt-shared']],
    websocket: [flags.websocket],
    websocketShared: [flags['websocket-shared']],
    api: [flags.api],
    apiShared: [flags['api-shared']],
    trace: settings.trace,
    tellTraces: settings.tellTraces,
    traceKey: settings.traceKey,
    about: { log: settings.log === 'kafka' ? 'kafka' : 'embedded', mode: 'development' },
  },
  { ...portsOf('proxy'), network: { dialBroker } },
)
/** In the order of their start. */
const parts: readonly Part[] = [nameserver, broker, proxy]
const metrics = [nameserver.metrics, broker.metrics, proxy.metrics]
reportNumbers({ metrics, zone: flags.zone, nameservers, clock: systemClock })
await serveEndpointsOrExit([flags.metrics], {
  metrics,
  ready: { nameserver: nameserver.serves, broker: broker.serves, proxy: proxy.serves },
  identity: { service: 'zone', zone: flags.zone, instance },
  exporting,
})

process.on('SIGTERM', async () => {
  for (const part of parts.toReversed()) await part.stop()
  await log.close()
  await exporting.stop()
  process.exit(0)
})

for (const part of parts) await part.start()
process.send?.({ serving: flags.zone })

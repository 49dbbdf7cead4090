// One zone of a region on one machine: a nameserver, a broker and a proxy in one process, which the supervisor starts and kills.
import { connectEmbeddedLog } from '@tern/log'
import { createLogger } from '@tern/runtime'
import { flagsOrExit } from '../flags.ts'

const given = (help: string) => ({ default: '', help })
const flags = flagsOrExit('zone.ts [flags]: one zone; npm start runs three', {
  zone: given('its name'),
  log: given('address of the log'),
  nameserver: given('address its nameserver serves on'),
  nameservers: given('addresses of all nameservers, with commas'),
  broker: given('address its broker serves on'),
  mqtt: given('its own MQTT address'),
  'mqtt-shared': given('MQTT address shared with the other zones'),
  websocket: given('its own WebSocket address'),
  'websocket-shared': given('WebSocket address shared with the other zones'),
})

type Part = Readonly<{ start(): Promise<unknown>; stop(): Promise<unknown> }>

const logger = createLogger().child({ zone: flags.zone })
const log = connectEmbeddedLog(flags.log)

/** In the order of their start: createNameserver, createBroker and createProxy enter here as they land. */
const parts: readonly Part[] = []

process.on('SIGTERM', async () => {
  for (const part of parts.toReversed()) await part.stop()
  await log.close()
  process.exit(0)
})

if (parts.length === 0) {
  // Never announced as serving: a zone that serves nobody must not look ready.
  logger.error('no service is built into this zone yet')
  process.exit(1)
}
for (const part of parts) await part.start()
process.send?.({ serving: flags.zone })

// The console of a region: `npx node services/console/src/main.ts --zone az-a --proxies 127.0.0.1:9090`.
import { randomUUID } from 'node:crypto'
import { settingsOrExit } from '@tern/config'
import { createLogger, systemClock } from '@tern/runtime'
import { serveEndpointsOrExit } from '@tern/telemetry/node'
import { createConsole } from './console.ts'
import { checkSettings, configOf, settings } from './settings.ts'

const given = settingsOrExit('console [flags]: pages for people, one console for the region', settings, checkSettings)
const logger = createLogger().child({ service: 'console', zone: given.zone })
const pages = createConsole(configOf(given, randomUUID), { clock: systemClock, logger })

function stop(): never {
  pages.stop()
  process.exit(0)
}
process.on('SIGTERM', stop)
process.on('SIGINT', stop)

function refuse(error: NodeJS.ErrnoException): never {
  const taken = error.code === 'EADDRINUSE'
  const sentence = taken
    ? `cannot serve pages on ${given.listen}: another process listens there; stop that one, or give another address with --listen`
    : `cannot start: ${error.message}`
  process.stderr.write(`${sentence}.\n`)
  process.exit(1)
}

const identity = { service: 'console', zone: given.zone, instance: randomUUID() }
const ready = { console: pages.serves }
await serveEndpointsOrExit(given.metrics, { metrics: [pages.metrics], ready, identity })
await pages.start().catch(refuse)
process.stdout.write(`console ready on http://${pages.address()}\n`)
process.send?.({ serving: 'console' })

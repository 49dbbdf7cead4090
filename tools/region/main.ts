// `npm start`: a region of three zones on this machine.
import { resolve } from 'node:path'
import { type Spec, settingsOrExit } from '@tern/config'
import { checkLogSettings, exitCodeFor, logSettings, openLog, ternTopics } from '@tern/log'
import { createLogger, systemClock } from '@tern/runtime'
import { drain, undrain } from '../drain/drain.ts'
import { holderOf } from './folder.ts'
import { listenToKeys } from './keys.ts'
import { endLeftovers } from './leftovers.ts'
import { planRegion, queuesOfRegion, replacedPorts, type ZoneName } from './plan.ts'
import { summary } from './screen.ts'
import { Supervisor } from './supervisor.ts'

const spec = {
  data: {
    flag: 'data',
    env: 'TERN_DATA',
    kind: 'text',
    default: '.tern',
    help: 'folder for the log, process ids and log files; one region at a time uses it',
  },
  port: {
    flag: 'port',
    env: 'TERN_PORT',
    kind: 'whole',
    default: '1883',
    max: 65_532,
    help: "shared MQTT port; the zones' own ones are the three after it; a busy one is replaced and printed; 0 takes free ones",
  },
  ...logSettings,
  log: {
    ...logSettings.log,
    default: 'embedded',
    help: 'embedded: a log of its own in the data folder; or the word kafka',
  },
} as const satisfies Spec

const given = settingsOrExit('npm start -- [flags]: a region of three zones on this machine', spec, (settings) => {
  if (settings.log === 'kafka') return checkLogSettings(settings)
  if (settings.log !== 'embedded') return [`--log is "${settings.log}"; give embedded or kafka`]
  return settings.kafkaBootstrap.length > 0 ? ['--kafka-bootstrap is given, but not --log kafka; give both'] : []
})

const print = (text: string) => void process.stdout.write(`${text}\n`)
/** Of the supervisor itself, in words that no process writes. */
const isNotice = (text: string) =>
  text.includes('; it is started again') || text.includes('its files cannot be written')
const interactive = Boolean(process.stdin.isTTY)
let logsShown = false
let ready = false

function launch(supervisor: () => Supervisor): Supervisor {
  try {
    return supervisor()
  } catch (error) {
    return refuse(error)
  }
}

function refuse(error: unknown): never {
  process.stderr.write(`cannot start: ${(error as Error).message}\n`)
  process.exit(exitCodeFor(error))
}

/** What a Kafka will not do for the region is said here, once, and not by zones that start again and again. */
async function tryKafka(): Promise<void> {
  const log = await openLog(given, systemClock, createLogger())
  await log.provision(ternTopics(queuesOfRegion)).finally(() => log.close())
}

if (given.log === 'kafka') await tryKafka().catch(refuse)
const folder = resolve(given.data)
// Before ports are chosen: what is left of an earlier region may still have them.
if (holderOf(folder) === undefined) await endLeftovers(folder).catch(refuse)
const plan = await planRegion(folder, given.port, given.log === 'kafka' ? given : undefined)
const region = launch(
  () =>
    new Supervisor(
      plan,
      {
        changed: (name, phase) => {
          if (ready) print(`${name}: ${phase}`)
        },
        line: (text) => {
          if (logsShown || isNotice(text)) print(text)
        },
      },
      { onlookers: ['trace', 'console'] },
    ),
)

let stopping = false
async function stop(): Promise<void> {
  if (stopping) return
  stopping = true
  ready = false
  print('stopping')
  await region.stop()
  process.exit(0)
}
process.on('SIGINT', () => void stop())
process.on('SIGTERM', () => void stop())
process.on('SIGHUP', () => void stop())

/** Says how it goes, or why it does not. */
async function move(change: typeof drain, zone: ZoneName): Promise<void> {
  const nameservers = plan.zones.map(({ nameserver }) => nameserver)
  await change({ nameservers, zone, clock: systemClock, say: print }).catch((error: Error) => print(error.message))
}

const began = performance.now()
const slow = setTimeout(() => print(`still starting; ${plan.folder}/logs says what each process is doing`), 10_000)
await region.start()
clearTimeout(slow)
if (!stopping) {
  for (const notice of replacedPorts(plan, given.port)) print(notice)
  print(summary(region, performance.now() - began, interactive))
  ready = true
  if (interactive) {
    listenToKeys({
      kill: (zone) => void region.zone(zone).kill(),
      heal: (zone) => void region.zone(zone).start(),
      drain: (zone) => void move(drain, zone),
      undrain: (zone) => void move(undrain, zone),
      toggleLogs: () => {
        logsShown = !logsShown
        print(logsShown ? 'logs on' : 'logs off')
      },
      quit: () => void stop(),
      say: print,
    })
  }
}

// `npm start`: a region of three zones on this machine.
import { resolve } from 'node:path'
import { systemClock } from '@tern/runtime'
import { drain, undrain } from '../drain/drain.ts'
import { flagsOrExit } from '../flags.ts'
import { holderOf } from './folder.ts'
import { listenToKeys } from './keys.ts'
import { endLeftovers } from './leftovers.ts'
import { planRegion, type ZoneName } from './plan.ts'
import { replacedPorts, summary } from './screen.ts'
import { Supervisor } from './supervisor.ts'

const flags = flagsOrExit('npm start -- [flags]: a region of three zones on this machine', {
  data: { default: '.tern', help: 'folder for the log, process ids and log files' },
  port: {
    default: '1883',
    help: 'shared MQTT port; the zones take the three after it; 0: free ones',
    whole: [0, 65_532],
  },
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
  process.exit(1)
}

const folder = resolve(flags.data)
// Before ports are chosen: what is left of an earlier region may still have them.
if (holderOf(folder) === undefined) await endLeftovers(folder).catch(refuse)
const plan = await planRegion(folder, Number(flags.port))
const region = launch(
  () =>
    new Supervisor(plan, {
      changed: (name, phase) => {
        if (ready) print(`${name}: ${phase}`)
      },
      line: (text) => {
        if (logsShown || isNotice(text)) print(text)
      },
    }),
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
  for (const notice of replacedPorts(plan, Number(flags.port))) print(notice)
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

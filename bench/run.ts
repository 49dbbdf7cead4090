// `npm run bench`: TernMQ beside mosquitto and aedes, in alternating rounds; see bench/README.md.
import { fork } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { join } from 'node:path'
import { flagsOrExit } from '../tools/flags.ts'
import type { Load, Result } from './generator.ts'
import { aedes, mosquitto, type Server, tern } from './servers.ts'

const flags = flagsOrExit('npm run bench -- [flags]: TernMQ beside mosquitto and aedes', {
  rounds: { default: '3', help: 'how often each is measured; medians are shown', whole: [1, 100] },
  seconds: { default: '5', help: 'length of a measurement', whole: [1, 600] },
  only: { default: '', help: 'scenarios to run, with commas; empty: all' },
})

type Scenario = Readonly<{ name: string; load: Omit<Load, 'addresses' | 'seconds' | 'warmSeconds'> }>

const scenarios: readonly Scenario[] = [
  { name: 'saturated', load: { pairs: 20, qos: 1, inFlight: 100, rate: 0 } },
  { name: 'paced', load: { pairs: 20, qos: 1, inFlight: 100, rate: 10_000 } },
  { name: 'many', load: { pairs: 2_000, qos: 1, inFlight: 1, rate: 10_000 } },
  { name: 'fan-out', load: { pairs: 500, fanOut: true, qos: 0, inFlight: 0, rate: 200 } },
]

type Measurement = Readonly<{
  server: string
  scenario: string
  messagesPerSecond: number
  deliveriesPerSecond: number
  /** Of all its processes, per message in and message out together. */
  cpuMicrosPerMessage: number
  p50Ms: number
  p99Ms: number
}>

async function measure(server: Server, { name, load }: Scenario): Promise<Measurement> {
  const seconds = Number(flags.seconds)
  const given: Load = { ...load, addresses: server.addresses, warmSeconds: 3, seconds }
  const child = fork(join(import.meta.dirname, 'generator.ts'), [JSON.stringify(given)])
  let before = 0
  const result = await new Promise<Result>((resolve, reject) => {
    child.on('message', (message: 'measuring' | Result) => {
      if (message === 'measuring') before = server.cpuSeconds()
      else resolve(message)
    })
    child.on('exit', (code) =>
      reject(new Error(`${name} against ${server.name}: the generator ended with code ${code}`)),
    )
  })
  const cpu = server.cpuSeconds() - before
  const messages = result.published + result.delivered
  return {
    ...{ server: server.name, scenario: name, p50Ms: result.p50Ms, p99Ms: result.p99Ms },
    messagesPerSecond: result.published / seconds,
    deliveriesPerSecond: result.delivered / seconds,
    cpuMicrosPerMessage: (cpu * 1e6) / Math.max(1, messages),
  }
}

const median = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0

function medians(all: readonly Measurement[]): Measurement {
  const of = (pick: (measurement: Measurement) => number) => Math.round(median(all.map(pick)) * 100) / 100
  return {
    server: all[0]?.server ?? '',
    scenario: all[0]?.scenario ?? '',
    messagesPerSecond: of((each) => each.messagesPerSecond),
    deliveriesPerSecond: of((each) => each.deliveriesPerSecond),
    cpuMicrosPerMessage: of((each) => each.cpuMicrosPerMessage),
    p50Ms: of((each) => each.p50Ms),
    p99Ms: of((each) => each.p99Ms),
  }
}

const started = [await tern(), await mosquitto(), await aedes()]
if (started[1] === undefined) process.stderr.write('mosquitto is not installed; it is left out\n')
const servers = started.filter((server) => server !== undefined)
const wanted = flags.only === '' ? scenarios : scenarios.filter(({ name }) => flags.only.split(',').includes(name))
const measurements: Measurement[] = []
for (let round = 0; round < Number(flags.rounds); round++) {
  for (const scenario of wanted) for (const server of servers) measurements.push(await measure(server, scenario))
}
const memory = servers.map((server) => ({
  server: server.name,
  residentMiB: Math.round(server.residentBytes() / 2 ** 20),
}))
for (const server of servers) await server.stop()

const table = wanted.flatMap(({ name }) =>
  servers.map((server) =>
    medians(measurements.filter((each) => each.scenario === name && each.server === server.name)),
  ),
)
const rows = table.map((each) => {
  const cells = [each.messagesPerSecond, each.deliveriesPerSecond, each.cpuMicrosPerMessage, each.p50Ms, each.p99Ms]
  return `| ${each.scenario} | ${each.server} | ${cells.join(' | ')} |`
})
process.stdout.write(
  '| scenario | server | messages/s | deliveries/s | server CPU µs per message in + out | p50 ms | p99 ms |\n',
)
process.stdout.write(`|---|---|---|---|---|---|---|\n${rows.join('\n')}\n`)
const folder = join(import.meta.dirname, 'results')
mkdirSync(folder, { recursive: true })
const machine = { processors: cpus().length, model: cpus()[0]?.model, node: process.version }
writeFileSync(
  join(folder, 'latest.json'),
  `${JSON.stringify({ machine, medians: table, memory, measurements }, null, 1)}\n`,
)

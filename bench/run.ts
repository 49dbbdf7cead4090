// `npm run bench`: TernMQ beside mosquitto and aedes, in alternating rounds; see bench/README.md.
import { mkdirSync, writeFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { join } from 'node:path'
import { flagsOrExit } from '../tools/flags.ts'
import { type Measurement, measure } from './measure.ts'
import { medians, table } from './report.ts'
import { scenarios } from './scenarios.ts'
import { aedes, mosquitto, type Server, tern } from './servers.ts'

const flags = flagsOrExit('npm run bench -- [flags]: TernMQ beside mosquitto and aedes', {
  rounds: { default: '3', help: 'how often each is measured; medians are shown', whole: [1, 100] },
  seconds: { default: '5', help: 'length of a measurement', whole: [1, 600] },
  only: { default: '', help: `scenarios, with commas, of ${scenarios.map(({ name }) => name).join(' ')}; empty: all` },
  servers: { default: 'TernMQ,mosquitto,aedes', help: 'what is measured, with commas' },
})

const known: Readonly<Record<string, () => Promise<Server | undefined>>> = { TernMQ: tern, mosquitto, aedes }
const wanted = scenarios.filter(({ name }) => flags.only === '' || flags.only.split(',').includes(name))
const measurements: Measurement[] = []
for (const scenario of wanted) {
  // A server of its own for each scenario: what one leaves behind is not the next one's to carry.
  for (let round = 0; round < Number(flags.rounds); round++) {
    for (const name of flags.servers.split(',')) {
      const server = await known[name]?.()
      if (server === undefined) process.stderr.write(`${name} is not installed; it is left out\n`)
      else {
        try {
          measurements.push(await measure(server, scenario, Number(flags.seconds)))
        } catch (error) {
          process.stderr.write(`${(error as Error).message}; this round is left out\n`)
        }
        await server.stop()
      }
    }
  }
}

const rows = medians(measurements)
process.stdout.write(table(rows))
const folder = join(import.meta.dirname, 'results')
mkdirSync(folder, { recursive: true })
const machine = { processors: cpus().length, model: cpus()[0]?.model, node: process.version }
writeFileSync(join(folder, 'latest.json'), `${JSON.stringify({ machine, medians: rows, measurements }, null, 1)}\n`)

import { type Measurement, measure } from './measure.ts'
import { report, type Sheet } from './report.ts'
import { scenarios } from './scenarios.ts'
import { aedes, mosquitto, type Server, tern, ternTraced, ternUntraced } from './servers.ts'

type Options = Readonly<{
  only: readonly string[]
  servers: readonly string[]
  rounds: number
  seconds: number
  warmSeconds: number
  added: boolean
}>

const sheet: Sheet<Measurement> = {
  file: 'latest.json',
  names: [
    { title: 'scenario', of: 'scenario' },
    { title: 'server', of: 'server' },
  ],
  figures: [
    { title: 'messages/s', of: 'messagesPerSecond' },
    { title: 'deliveries/s', of: 'deliveriesPerSecond' },
    { title: 'CPU µs per message in + out', of: 'cpuMicrosPerMessage' },
    { title: 'p50 ms', of: 'p50Ms' },
    { title: 'p99 ms', of: 'p99Ms' },
    { title: 'first ms', of: 'firstMs' },
    { title: 'last ms', of: 'lastMs' },
    { title: 'lost', of: 'lost' },
    { title: 'out of order', of: 'outOfOrder' },
    { title: 'grown MiB', of: 'grownMiB' },
    { title: 'KiB per connection', of: 'kibPerConnection' },
  ],
}

const usual = { TernMQ: tern, mosquitto, aedes }
/** What is measured only when it is asked for. */
const known: Readonly<Record<string, () => Promise<Server | undefined>>> = {
  ...usual,
  'TernMQ-traced': ternTraced,
  'TernMQ-untraced': ternUntraced,
}

/** TernMQ on its embedded log beside mosquitto and aedes. */
export async function beside({ only, servers, rounds, seconds, warmSeconds, added }: Options): Promise<void> {
  const wanted = scenarios.filter(({ name }) => only.length === 0 || only.includes(name))
  const measurements: Measurement[] = []
  for (const scenario of wanted) {
    // A server of its own for each scenario: what one leaves behind is not the next one's to carry.
    for (let round = 0; round < rounds; round++) {
      for (const name of servers.length === 0 ? Object.keys(usual) : servers) {
        const server = await known[name]?.()
        if (server === undefined) process.stderr.write(`${name} is not installed; it is left out\n`)
        else {
          try {
            measurements.push(await measure(server, scenario, { seconds, warmSeconds }))
          } catch (error) {
            process.stderr.write(`${(error as Error).message}; this round is left out\n`)
          }
          await server.stop()
        }
      }
    }
  }
  report(sheet, measurements, added)
}

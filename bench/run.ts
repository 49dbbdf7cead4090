// `npm run bench`: TernMQ beside others, in alternating rounds; see bench/README.md.
import { flagsOrExit } from '../tools/flags.ts'
import { beside } from './beside.ts'
import { scenarios } from './scenarios.ts'

const flags = flagsOrExit('npm run bench -- [flags]: TernMQ beside others on this machine', {
  log: { default: 'embedded', help: 'or kafka: durable on three replicas, beside NATS JetStream and RabbitMQ' },
  clients: { default: '', isSwitch: true, help: 'clients of Kafka beside each other, in place of MQTT servers' },
  query: { default: '', isSwitch: true, help: 'how soon a query over many stored messages has its first result' },
  publish: { default: '', isSwitch: true, help: 'what one client gets stored: unary calls, a stream, MQTT' },
  lists: { default: '', isSwitch: true, help: 'how soon a page of clients comes, of many sessions' },
  sessions: { default: '100000', help: 'with --lists: how many there are', whole: [1, 10_000_000] },
  messages: { default: '10000000', help: 'with --query: how many are stored', whole: [1, 1_000_000_000] },
  rounds: { default: '3', help: 'how often each is measured; medians are shown', whole: [1, 100] },
  seconds: { default: '5', help: 'length of a measurement', whole: [1, 600] },
  warm: { default: '0', help: 'seconds of load before a measurement; 0: 10, with kafka 60', whole: [0, 600] },
  only: { default: '', help: `scenarios, with commas, of ${scenarios.map(({ name }) => name).join(' ')}; empty: all` },
  servers: { default: '', help: 'what is measured, with commas; empty: all that are there' },
  add: { default: '', isSwitch: true, help: 'adds to the rounds of earlier runs in bench/results' },
  profile: { default: '', help: 'with kafka: folder for CPU profiles of the zones or services' },
})

const options = {
  rounds: Number(flags.rounds),
  seconds: Number(flags.seconds),
  warmSeconds: Number(flags.warm) || (flags.log === 'kafka' ? 60 : 10),
  added: flags.add === 'true',
}
const listed = (text: string) => text.split(',').filter((name) => name !== '')

// The clients of Kafka take a second to load.
if (flags.clients === 'true') {
  const { runClients } = await import('./clients/run-clients.ts')
  await runClients({ ...options, clients: listed(flags.servers) })
} else if (flags.query === 'true') {
  const { runQuery } = await import('./query/run-query.ts')
  await runQuery({ ...options, messages: Number(flags.messages) })
} else if (flags.publish === 'true') {
  const { runPublish } = await import('./publish/run-publish.ts')
  await runPublish(options)
} else if (flags.lists === 'true') {
  const { runLists } = await import('./lists/run-lists.ts')
  await runLists({ ...options, sessions: Number(flags.sessions) })
} else if (flags.log === 'kafka') {
  const { runReplicated } = await import('./replicated/run-replicated.ts')
  await runReplicated({ ...options, servers: listed(flags.servers), profile: flags.profile })
} else {
  await beside({ ...options, only: listed(flags.only), servers: listed(flags.servers) })
}

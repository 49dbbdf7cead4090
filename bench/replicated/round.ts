import type { LiveLoad } from '../load/load.ts'
import { underLoad } from '../measure.ts'
import { cpuSecondsOf } from '../processes.ts'
import type { Column } from '../report.ts'
import type { Cluster, Produced } from './cluster.ts'

export type Row = Readonly<{
  load: string
  server: string
  messagesPerSecond: number
  deliveriesPerSecond: number
  /** Per message in and message out together, as everywhere in bench/. */
  cpuMicrosPerMessage: number
  /** The parts of it: zones, or the three kinds of services where each runs apart. */
  zoneMicros: number
  proxyMicros: number
  brokerMicros: number
  nameserverMicros: number
  kafkaMicros: number
  p50Ms: number
  p99Ms: number
  p999Ms: number
  requestsPerSecond: number
  recordsPerRequest: number
  batchesPerRequest: number
}>

export const names: Column<Row>[] = [
  { title: 'load', of: 'load' },
  { title: 'server', of: 'server' },
]

export const figures: Column<Row>[] = [
  { title: 'messages/s', of: 'messagesPerSecond' },
  { title: 'deliveries/s', of: 'deliveriesPerSecond' },
  { title: 'CPU µs per message in + out', of: 'cpuMicrosPerMessage' },
  { title: 'zones µs', of: 'zoneMicros' },
  { title: 'proxies µs', of: 'proxyMicros' },
  { title: 'brokers µs', of: 'brokerMicros' },
  { title: 'nameservers µs', of: 'nameserverMicros' },
  { title: 'Kafka µs', of: 'kafkaMicros' },
  { title: 'p50 ms', of: 'p50Ms' },
  { title: 'p99 ms', of: 'p99Ms' },
  { title: 'p99.9 ms', of: 'p999Ms' },
  { title: 'produce requests/s', of: 'requestsPerSecond' },
  { title: 'records a request', of: 'recordsPerRequest' },
  { title: 'batches a request', of: 'batchesPerRequest' },
]

/** Shares of what a server can do at most, at which its latency is looked at. */
const shares = [25, 50, 75]
const fixedRate = 10_000
const settleSeconds = 3
const pairs = 20

/** Warms the cluster up, finds out what it can do, and measures it at parts of that and at a fixed rate. */
export async function round(cluster: Cluster, seconds: number, warmSeconds: number): Promise<Row[]> {
  await measure(cluster, 'warming up', { rate: 0, seconds: warmSeconds })
  const most = await measure(cluster, 'saturated', { rate: 0, seconds })
  const rows = [most]
  for (const share of shares) {
    const rate = Math.round((most.messagesPerSecond * share) / 100)
    rows.push(await measure(cluster, `${share} %`, { rate, seconds }))
  }
  rows.push(await measure(cluster, `${fixedRate}/s`, { rate: fixedRate, seconds }))
  return rows
}

async function measure(
  cluster: Cluster,
  name: string,
  { rate, seconds }: Readonly<{ rate: number; seconds: number }>,
): Promise<Row> {
  const { addresses, parts } = cluster
  const load: LiveLoad = {
    ...{ kind: 'live', addresses, pairs, qos: 1, inFlight: 100, rate, lasting: true, sampleEvery: 4 },
    ...{ warmSeconds: settleSeconds, seconds },
  }
  const look = async () => {
    const cpu = Object.fromEntries(Object.entries(parts).map(([part, pids]) => [part, cpuSecondsOf(pids)]))
    return { cpu, produced: (await cluster.produced?.()) ?? { requests: 0, batches: 0, records: 0 } }
  }
  const { result, before, after } = await underLoad(`${name} against ${cluster.name}`, load, look)
  const messages = Math.max(1, result.published + result.delivered)
  const micros = (part: string) => (((after.cpu[part] ?? 0) - (before.cpu[part] ?? 0)) * 1e6) / messages
  const grown = (of: keyof Produced) => after.produced[of] - before.produced[of]
  const requests = grown('requests')
  return {
    ...{ load: name, server: cluster.name },
    messagesPerSecond: result.published / result.seconds,
    deliveriesPerSecond: result.delivered / result.seconds,
    cpuMicrosPerMessage: Object.keys(parts).reduce((sum, part) => sum + micros(part), 0),
    ...{ zoneMicros: micros('zones'), kafkaMicros: micros('Kafka') },
    ...{ proxyMicros: micros('proxy'), brokerMicros: micros('broker'), nameserverMicros: micros('nameserver') },
    ...{ p50Ms: result.p50Ms, p99Ms: result.p99Ms, p999Ms: result.p999Ms ?? 0 },
    requestsPerSecond: requests / result.seconds,
    recordsPerRequest: requests === 0 ? 0 : grown('records') / requests,
    batchesPerRequest: requests === 0 ? 0 : grown('batches') / requests,
  }
}

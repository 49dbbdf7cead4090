// One client of Kafka at work, a process of its own: for each node one request is out at any time, with a batch for each partition
// that the node leads. It says when measuring begins and what came out.
import { setTimeout as after } from 'node:timers/promises'
import type { Sender, Target, Wanted } from './contender.ts'
import { contenders } from './contenders.ts'

export type SenderTask = Readonly<{
  client: string
  target: Target
  /** The partitions of each leader. */
  leaders: readonly (readonly number[])[]
  recordsPerBatch: number
  warmSeconds: number
  seconds: number
}>

export type SenderResult = Readonly<{
  records: number
  requests: number
  cpuSeconds: number
  seconds: number
  p50Ms: number
  p99Ms: number
}>

const { client, target, leaders, recordsPerBatch, warmSeconds, seconds } = JSON.parse(
  process.argv[2] ?? '{}',
) as SenderTask
const keyBytes = 24
const valueBytes = 64
const headerBytes = 40

/** Fields of their own for each record, as messages of many devices have. */
const records: readonly Wanted[] = Array.from({ length: recordsPerBatch }, (_, i) => ({
  key: Buffer.alloc(keyBytes, `bench/device/${i}/`),
  value: Buffer.alloc(valueBytes, `${i} `),
  header: Buffer.alloc(headerBytes, `h${i}`),
}))

let measuring = false
let over = false
let sent = 0
const latencies: number[] = []

async function keepOneOut(sender: Sender, partitions: readonly number[]): Promise<void> {
  while (!over) {
    const began = performance.now()
    await sender.send({ partitions, records })
    if (!measuring) continue
    sent += partitions.length * recordsPerBatch
    latencies.push(performance.now() - began)
  }
}

const contender = contenders[client]
if (contender === undefined) throw new Error(`no client is called ${client}`)
const sender = await contender(target)
const lanes = Promise.all(leaders.map((partitions) => keepOneOut(sender, partitions)))
await after(warmSeconds * 1_000)
process.send?.('measuring')
measuring = true
const cpuBefore = process.cpuUsage()
const began = performance.now()
await Promise.race([lanes, after(seconds * 1_000)])
measuring = false
const { user, system } = process.cpuUsage(cpuBefore)
const elapsed = (performance.now() - began) / 1_000
const sorted = latencies.toSorted((a, b) => a - b)
const at = (share: number) => sorted[Math.floor(sorted.length * share)] ?? 0
const result: SenderResult = {
  ...{ records: sent, requests: latencies.length, seconds: elapsed },
  ...{ cpuSeconds: (user + system) / 1e6, p50Ms: at(0.5), p99Ms: at(0.99) },
}
process.send?.(result)
over = true
await lanes
await sender.close()
process.exit(0)

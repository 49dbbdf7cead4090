import { channel } from 'node:diagnostics_channel'
import type { KafkaNode } from './wire/metadata.ts'
import { type ProduceItem, recordsIn } from './wire/produce.ts'

export type ProduceRequestSignal = Readonly<{ node: string; batches: number; records: number }>

/** A produce request leaves. What a request costs Kafka hardly depends on what it holds, so both are worth counting. */
export const produceRequestSignal = 'tern:log:kafka:produce-request'

const produceRequests = channel(produceRequestSignal)

/** Looks at nothing unless somebody listens. */
export function signalProduceRequest({ host, port }: KafkaNode, items: readonly ProduceItem[]): void {
  if (!produceRequests.hasSubscribers) return
  const signal: ProduceRequestSignal = { node: `${host}:${port}`, batches: items.length, records: recordsIn(items) }
  produceRequests.publish(signal)
}

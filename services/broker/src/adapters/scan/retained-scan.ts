import type { scan } from '@tern/proto'
import { PackedWriter } from '@tern/record'
import type { QueueRunner } from '../queue/queue-runner.ts'

const topicsMax = 1_000
const bytesMax = 1024 * 1024

/** A page of the retained messages of one queue; it ends early when it is large. */
export function scanRetained(
  runner: QueueRunner | undefined,
  queue: number,
  { filter, afterTopic, recordsMax }: scan.ScanRetainedRequest,
): scan.RetainedPart {
  const nothing = { queue, count: 0, baseTimeMs: 0, records: new Uint8Array(), nextAfterTopic: '' }
  if (runner === undefined) return { ...nothing, notOwner: true }
  const { entries, next = '' } = runner.retained.page(filter, afterTopic, Math.min(recordsMax || topicsMax, topicsMax))
  const baseTimeMs = entries[0]?.[1].timeMs ?? 0
  const writer = new PackedWriter(0, baseTimeMs)
  let nextAfterTopic = next
  for (const [topic, { position, timeMs, body }] of entries) {
    writer.add(position, timeMs, body)
    if (writer.bytes < bytesMax) continue
    nextAfterTopic = topic
    break
  }
  return { queue, notOwner: false, count: writer.count, baseTimeMs, records: writer.finish(), nextAfterTopic }
}

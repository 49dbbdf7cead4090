import type { log } from '@tern/proto'
import { batchSpans } from '@tern/record'
import type { connectClient } from '@tern/rpc'
import type { Clock } from '@tern/runtime'
import { asBuffer, logService } from './method-definitions.ts'

const reconnectAfterMs = 100

type Options = Readonly<{
  client: ReturnType<typeof connectClient>
  clock: Clock
  topic: string
  partition: number
  from: number
  deliver: (batches: Buffer) => void
}>

/** Follows a partition; after an interruption it goes on behind the last batch that it delivered. */
export function openTail({ client, clock, topic, partition, from, deliver }: Options): { cancel(): void } {
  let next = from
  let cancelled = false
  let stop: () => void = () => {}

  const open = () => {
    if (cancelled) return
    const { path, requestSerialize, responseDeserialize } = logService.tail
    const call = client.makeServerStreamRequest(path, requestSerialize, responseDeserialize, {
      topic,
      partition,
      from: next,
    })
    let over = false
    const again = () => {
      if (over) return
      over = true
      const timer = clock.after(reconnectAfterMs, open)
      stop = () => timer.cancel()
    }
    stop = () => call.cancel()
    call.on('data', (response: log.TailResponse) => {
      if (cancelled || over) return
      const content = asBuffer(response.batches)
      // Whoever takes them looks at their checksums.
      for (const { lastOffset } of batchSpans(content)) next = lastOffset + 1
      deliver(content)
    })
    call.on('error', again)
    call.on('end', again)
  }
  open()
  return {
    cancel() {
      cancelled = true
      stop()
    },
  }
}

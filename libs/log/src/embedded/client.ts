import { connectClient, unaryCall } from '@tern/rpc'
import { type Clock, pause, systemClock } from '@tern/runtime'
import { type Log, LogError, type OffsetRange } from '../log.ts'
import { AppendStream } from './append-stream.ts'
import { asBuffer, logService } from './method-definitions.ts'
import { openTail } from './tail.ts'

const retryForMs = 10_000
const retryEveryMs = 100
const deadlineMs = 5_000

/** gRPC status codes, by their numbers in the protocol. */
const status = { deadlineExceeded: 4, failedPrecondition: 9, outOfRange: 11, unavailable: 14, cancelled: 1 } as const

/** The log process at host:port. What asks is repeated for a while when it is away, as the supervisor starts it again; appends are not. */
export function connectEmbeddedLog(address: string, { clock = systemClock }: { clock?: Clock } = {}): Log {
  const client = connectClient(address)
  const appends = new AppendStream(address, clock)
  const tails = new Set<{ cancel(): void }>()
  let closed = false

  const ask = async <In, Out>(method: Parameters<typeof unaryCall<In, Out>>[1], request: In): Promise<Out> => {
    const giveUpAt = clock.now() + retryForMs
    for (;;) {
      try {
        return await unaryCall(client, method, request, deadlineMs)
      } catch (error) {
        const { code, message } = error as { code?: number; message: string }
        if (code === status.failedPrecondition) throw new LogError('refused', message)
        if (code === status.outOfRange) throw new LogError('out-of-range', message)
        const away = code === status.unavailable || code === status.deadlineExceeded || code === status.cancelled
        if (!away || closed || clock.now() >= giveUpAt) throw new LogError('unknown', message)
      }
      await pause(clock, retryEveryMs)
    }
  }
  const offsets = async (topic: string, partitions: readonly number[]): Promise<OffsetRange[]> => {
    const request = { partitions: partitions.map((partition) => ({ topic, partition })) }
    return (await ask(logService.offsets, request)).ranges
  }
  return {
    async provision(topics) {
      await ask(logService.provision, { topics: [...topics] })
    },
    append: (topic, partition, batch) => appends.append(topic, partition, batch),
    async read(topic, partition, from, bytesMax) {
      try {
        const { batches, start, end } = await ask(logService.read, { topic, partition, from, bytesMax })
        return { batches: asBuffer(batches), start, end }
      } catch (error) {
        if (!(error instanceof LogError) || error.failure !== 'out-of-range') throw error
        throw new LogError('out-of-range', error.message, (await offsets(topic, [partition]))[0])
      }
    },
    offsets,
    tail(topic, partition, from, deliver) {
      const tail = openTail({ client, clock, topic, partition, from, deliver })
      tails.add(tail)
      const cancel = () => {
        tails.delete(tail)
        tail.cancel()
      }
      return { cancel }
    },
    offsetAt: async (topic, partition, timeMs) => (await ask(logService.offsetAt, { topic, partition, timeMs })).offset,
    async trim(topic, partition, before) {
      await ask(logService.trim, { topic, partition, before })
    },
    async close() {
      closed = true
      for (const tail of tails) tail.cancel()
      appends.close()
      client.close()
    },
  }
}

import { ledger } from '@tern/proto'
import { type Block, readBlock } from '@tern/record'
import { acceptStream, type RpcService } from '@tern/rpc'
import type { Clock, Duplex } from '@tern/runtime'
import { recordBytesMax, type TraceLog } from '../log/trace-log.ts'
import { blockRecord } from '../log/trace-record.ts'

/** Told of each block that is taken. */
export type CountBlock = (block: Block) => void

type ProxyStream = Duplex<ledger.RecordResponse, ledger.RecordRequest>

/** Blocks of proxies go to the log, and are answered when they are durable; those of one turn together. */
export const ledgerRpcService = (log: TraceLog, queues: () => number, clock: Clock, count: CountBlock): RpcService => ({
  definition: ledger.LedgerServiceService,
  implementation: {
    record: (call: Parameters<typeof acceptStream<ledger.RecordRequest, ledger.RecordResponse>>[0]) =>
      acceptBlocks(acceptStream<ledger.RecordRequest, ledger.RecordResponse>(call), log, queues, clock, count),
  },
})

export function acceptBlocks(
  stream: ProxyStream,
  log: TraceLog,
  queues: () => number,
  clock: Clock,
  count: CountBlock,
): void {
  let sequences: number[] = []
  let open = true
  const answer = (sequence: number) => {
    sequences.push(sequence)
    if (sequences.length > 1) return
    clock.soon(() => {
      const told = sequences
      sequences = []
      if (open) stream.send({ sequences: told })
    })
  }
  stream.listen({
    frame({ sequence, queue, block }) {
      // No proxy makes a block that cannot be read. Who sends one all the same is told that it is gone, and does not try for ever.
      const isFit = queue < queues() && block.length <= recordBytesMax && isRead(block, count)
      if (isFit) log.gather(queue, blockRecord(block), () => answer(sequence))
      else answer(sequence)
    },
    end() {
      open = false
    },
  })
}

/** Counts it entry by entry, so that what is on the log is known to be whole. */
function isRead(bytes: Uint8Array, count: CountBlock): boolean {
  try {
    count(readBlock(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)))
    return true
  } catch (error) {
    if (error instanceof RangeError) return false
    throw error
  }
}

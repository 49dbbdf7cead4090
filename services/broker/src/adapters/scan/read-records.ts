import { scan } from '@tern/proto'
import type { QueueRunner } from '../queue/queue-runner.ts'

type Read = scan.ReadRecord

/** Records by their positions, one read of the log each. */
export async function readRecords(
  runner: QueueRunner,
  positions: readonly number[],
  run: (step: () => Promise<void>) => Promise<void>,
): Promise<scan.ReadRecordsResponse> {
  const records: Read[] = []
  for (const position of positions) await run(async () => void records.push(await readRecord(runner, position)))
  return { notOwner: false, records }
}

async function readRecord(runner: QueueRunner, position: number): Promise<Read> {
  const { FUTURE, PASSED, NO_MESSAGE, VOID, MESSAGE } = scan.RecordVerdict
  if (position >= runner.state.next) return without(FUTURE)
  if (position < runner.logStart) return without(PASSED)
  const record = await runner.past.lookAt(position)
  if (record === undefined) return without(NO_MESSAGE)
  // A copy: a view would send for the whole batch that it lies in.
  const voidReason = runner.state.voidPositions.get(position) ?? 0
  return { verdict: record.isVoid ? VOID : MESSAGE, timeMs: record.timeMs, body: Buffer.from(record.body), voidReason }
}

const without = (verdict: scan.RecordVerdict): Read => ({ verdict, timeMs: 0, body: new Uint8Array(), voidReason: 0 })

import { batchAt } from '@tern/record'

/** How many records a batch to be appended holds; a sentence when the log cannot take it. */
export function checkBatch(batch: Buffer): number | string {
  try {
    const view = batchAt(batch, 0)
    if (view === undefined || view.sizeBytes !== batch.length) return 'the batch is not exactly one whole record batch'
    if (view.count < 1 || view.lastOffset - view.baseOffset !== view.count - 1)
      return 'the batch has holes or no records'
    return view.count
  } catch (error) {
    return (error as Error).message
  }
}

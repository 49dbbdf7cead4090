import type { messaging } from '@tern/proto'
import { asApiError, statusOf } from '@tern/rpc'
import { Refusal } from '../../core/api/refusal.ts'

/** The only one, or each of them for the same reason: then the call fails. */
export function failWhenAll(items: readonly unknown[]): void {
  const refusals = items.filter((item) => item instanceof Refusal)
  const [first] = refusals
  if (first && refusals.length === items.length && refusals.every(({ reason }) => reason === first.reason)) throw first
}

export async function orRefusal<Result>(run: () => Promise<Result>): Promise<Result | Refusal> {
  try {
    return await run()
  } catch (error) {
    if (error instanceof Refusal) return error
    throw error
  }
}

/** Of an item that was refused; of another one nothing is known yet. */
export function resultOf(item: unknown): messaging.PublishResult {
  if (!(item instanceof Refusal)) return { outcome: undefined }
  return { outcome: { $case: 'error', value: statusOf(asApiError(item)) } }
}

import { ApiError } from './api-error.ts'

/** Bytes that all callers together may make a server hold of what is not whole yet. */
export class Budget {
  private readonly bytesMax: number
  private held = 0

  constructor(bytesMax: number) {
    this.bytesMax = bytesMax
  }

  /** Part of it, for one caller; `release` it in the end. */
  share(): BudgetShare {
    let mine = 0
    return {
      holds: (bytes) => {
        this.held += bytes - mine
        mine = bytes
        if (this.held <= this.bytesMax) return
        throw new ApiError('RESOURCE_EXHAUSTED', 'SERVER_BUSY', 'the server holds as much as it can; come again', {
          retryAfterMs: 1_000,
        })
      },
      release: () => {
        this.held -= mine
        mine = 0
      },
    }
  }
}

export type BudgetShare = Readonly<{
  /** Of its caller's so many bytes are held now. Throws when all together are too many. */
  holds(bytes: number): void
  release(): void
}>

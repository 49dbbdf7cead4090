import { createHmac, timingSafeEqual } from 'node:crypto'
import type { Clock } from '@tern/runtime'
import { apiError } from './api-error.ts'

/** Opaque, and good for the very question that they were given with, for an hour, at any proxy of the region. */
export type PageTokens = Readonly<{
  /** `question`: the method, and all of the request that decides which items there are, and in what order. */
  write(state: Uint8Array, question: string): string
  /** Throws INVALID_ARGUMENT when it is none of ours, too old, or of another question. */
  read(token: string, question: string): Uint8Array
}>

export const pageTokenLimits = { lifeSeconds: 3_600, charactersMax: 8_192 } as const

const version = 1
const checkBytes = 12
const headBytes = 1 + 4 + checkBytes

/**
 * `key`: the same at every proxy of a region. A token gives nobody more than the request it comes with; the key is there so that
 * what was changed, or made up, is refused and not guessed at.
 */
export function pageTokens({ clock, key }: Readonly<{ clock: Clock; key: string | Uint8Array }>): PageTokens {
  const checkOf = (seconds: number, state: Uint8Array, question: string) => {
    const head = Buffer.alloc(8)
    head.writeUInt32BE(seconds)
    head.writeUInt32BE(state.length, 4)
    return createHmac('sha256', key).update(head).update(state).update(question).digest().subarray(0, checkBytes)
  }
  const nowSeconds = () => Math.floor(clock.now() / 1_000)
  return {
    write(state, question) {
      const head = Buffer.alloc(5)
      head[0] = version
      const seconds = nowSeconds()
      head.writeUInt32BE(seconds, 1)
      return Buffer.concat([head, checkOf(seconds, state, question), state]).toString('base64url')
    },
    read(token, question) {
      if (token.length > pageTokenLimits.charactersMax) throw invalid('is longer than any that was given')
      const bytes = Buffer.from(token, 'base64url')
      // What is no base64 is skipped when it is read: only what would be written the same way was written here.
      const whole = bytes.length >= headBytes && bytes[0] === version && bytes.toString('base64url') === token
      if (!whole) throw invalid('is none that was given here')
      const seconds = bytes.readUInt32BE(1)
      const state = bytes.subarray(headBytes)
      if (!timingSafeEqual(bytes.subarray(5, headBytes), checkOf(seconds, state, question))) {
        throw invalid('was changed, or belongs to another question')
      }
      if (nowSeconds() - seconds > pageTokenLimits.lifeSeconds) throw invalid('is older than an hour')
      return state
    },
  }
}

function invalid(says: string): Error {
  const message = `page_token ${says}; ask for the first page again, without it`
  const details = { fields: [{ field: 'page_token', description: message }] }
  return apiError('INVALID_ARGUMENT', 'PAGE_TOKEN_INVALID', message, { details })
}

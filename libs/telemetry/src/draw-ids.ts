import { hexOf } from './hex.ts'

/** Fills the bytes with chance; `crypto.getRandomValues` is one, here as in browsers. */
export type Chance = (bytes: Uint8Array<ArrayBuffer>) => unknown

/** Chance is asked for many ids at once, since a question costs more than an id. */
const wordsAtOnce = 256

/** Draws span ids (16 hex digits) and trace ids (32) that are never all zero, which W3C forbids. */
export function idDrawing(chance: Chance): Readonly<{ spanId(): string; traceId(): string }> {
  const words = new Uint32Array(wordsAtOnce)
  let at = wordsAtOnce
  const word = () => {
    if (at === wordsAtOnce) {
      chance(new Uint8Array(words.buffer))
      at = 0
    }
    return words[at++]!
  }
  const spanId = () => `${hexOf(word())}${hexOf(word() || 1)}`
  return { spanId, traceId: () => spanId() + spanId() }
}

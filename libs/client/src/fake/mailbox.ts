import { matches } from '@tern/mqtt'
import type { message } from '@tern/proto'
import { hasProperties } from './message-store.ts'

/** A message that waits for a subscriber. */
export type Letter = Readonly<{
  message: message.Message
  /** From 1. */
  attempt: number
  topicFilters: readonly string[]
  isRetained: boolean
}>

/** A stream that takes letters, as long as its window has room. */
export type Taker = Readonly<{ hasRoom(): boolean; take(letter: Letter): void }>

/** What waits for one subscriber, or for one group, whose members take turns. */
export class Mailbox {
  readonly filters: readonly string[]
  private readonly userProperties: readonly message.UserProperty[]
  private readonly kept: number
  private readonly letters: Letter[] = []
  private readonly takers: Taker[] = []

  constructor(filters: readonly string[], userProperties: readonly message.UserProperty[], kept: number) {
    this.filters = filters
    this.userProperties = userProperties
    this.kept = kept
  }

  offer(message: message.Message, isRetained = false): void {
    const topicFilters = this.filters.filter((filter) => matches(filter, message.topic))
    if (topicFilters.length === 0 || !hasProperties(message, this.userProperties)) return
    this.letters.push({ message, attempt: 1, topicFilters, isRetained })
    if (this.letters.length > this.kept) this.letters.shift()
    this.handOut()
  }

  /** These come again, before everything else. */
  giveBack(letters: readonly Letter[]): void {
    this.letters.unshift(...letters.map((letter) => ({ ...letter, attempt: letter.attempt + 1 })))
    this.handOut()
  }

  join(taker: Taker): void {
    this.takers.push(taker)
    this.handOut()
  }

  leave(taker: Taker): void {
    const at = this.takers.indexOf(taker)
    if (at >= 0) this.takers.splice(at, 1)
  }

  handOut(): void {
    while (this.letters.length > 0) {
      const at = this.takers.findIndex((taker) => taker.hasRoom())
      const [taker] = at < 0 ? [] : this.takers.splice(at, 1)
      const letter = taker && this.letters.shift()
      if (taker === undefined || letter === undefined) return
      // The next letter is somebody else's.
      this.takers.push(taker)
      taker.take(letter)
    }
  }
}

import type { DistinctSketch } from './distinct-sketch.ts'

export const minuteMs = 60_000

/** What was published to one topic within a moment. */
export type Published = { messages: number; bytes: number; timeMs: number; position: number }

/** One level of the topics of a queue, with all that is below it. */
export class Level {
  messages = 0
  bytes = 0
  lastPublishMs = 0
  isTopic = false
  lastPosition = -1
  /** What it may have been counted too much, since it took the place of another one: the order of eviction knows it, the figures do not. */
  borrowed = 0
  children: Map<string, Level> | undefined
  /** The children in a row, and who is looked at next when one has to go. */
  turns: { readonly names: string[]; next: number } | undefined
  /** Made once children had to be left out. */
  met: DistinctSketch | undefined
  private minute = 0
  private readonly now = { messages: 0, bytes: 0 }
  private readonly before = { messages: 0, bytes: 0 }

  count({ messages, bytes, timeMs }: Published): void {
    this.messages += messages
    this.bytes += bytes
    this.lastPublishMs = Math.max(this.lastPublishMs, timeMs)
    const minute = Math.floor(timeMs / minuteMs)
    // What is read again of a past minute says nothing of the present rate.
    if (minute < this.minute) return
    this.turnTo(minute)
    this.now.messages += messages
    this.now.bytes += bytes
  }

  /** Over the last minute, or since counting began, per second: the minute that runs, and of the one before it the part that the window still holds. */
  rates(nowMs: number, countedSinceMs: number): Readonly<{ messages: number; bytes: number }> {
    const minute = Math.floor(nowMs / minuteMs)
    const age = minute - this.minute
    const part = 1 - (nowMs % minuteMs) / minuteMs
    const seconds = Math.max(1, Math.min(minuteMs, nowMs - countedSinceMs) / 1_000)
    const rate = (now: number, before: number) => {
      if (age <= 0) return (now + part * before) / seconds
      return age === 1 ? (part * now) / seconds : 0
    }
    return { messages: rate(this.now.messages, this.before.messages), bytes: rate(this.now.bytes, this.before.bytes) }
  }

  private turnTo(minute: number): void {
    if (minute === this.minute) return
    const isNext = minute === this.minute + 1
    this.before.messages = isNext ? this.now.messages : 0
    this.before.bytes = isNext ? this.now.bytes : 0
    this.now.messages = 0
    this.now.bytes = 0
    this.minute = minute
  }
}

import { appendFileSync } from 'node:fs'

/** What the test clients saw, in the order in which they saw it (one machine, one monotonic clock). */
export type Happening =
  | {
      kind: 'invoke'
      key: string
      topic: string
      qos: number
      retain?: boolean
      expirySeconds?: number
      will?: boolean
    }
  | { kind: 'ok' | 'refused'; key: string }
  /** Sent, and answered. */
  | { kind: 'subscribing' | 'subscribed'; filter: string; qos: number }
  | { kind: 'unsubscribing' | 'unsubscribed'; filter: string }
  | { kind: 'delivery'; key: string; topic: string; qos: number; dup: boolean; retained: boolean }
  /** `owed`: whether its session must have been kept, must be a new one, or either. */
  | { kind: 'connected'; sessionPresent: boolean; owed: 'kept' | 'new' | 'either' }
  /** The session promises nothing any more: it ends with its connection, or the client asks for another one. */
  | { kind: 'ended' }
  | { kind: 'closed'; why: string }
  | { kind: 'fault'; what: string; target: string; bit: boolean }

export type Entry = Readonly<{ at: number; actor: string }> & Happening

export class History {
  entries: Entry[] = []
  private readonly file: string | undefined
  private unwritten: string[] = []

  readonly now: () => number

  constructor(file?: string, now: () => number = () => performance.now()) {
    this.file = file
    this.now = now
  }

  record(actor: string, happening: Happening): void {
    const entry = { at: this.now(), actor, ...happening }
    this.entries.push(entry)
    if (this.file === undefined) return
    this.unwritten.push(JSON.stringify(entry))
    if (this.unwritten.length >= 256) this.flush()
  }

  /** What was written down since the last time; it is kept no longer. */
  take(): Entry[] {
    const { entries } = this
    this.entries = []
    return entries
  }

  /** One line an entry. Called before a step that counts is judged. */
  flush(): void {
    if (this.file !== undefined && this.unwritten.length > 0)
      appendFileSync(this.file, `${this.unwritten.join('\n')}\n`)
    this.unwritten = []
  }
}

/** "publisher/topic/number": who published it where, and its place in that order. */
export const keyOf = (publisher: string, topic: string, number: number): string => `${publisher}|${topic}|${number}`

export function partsOf(key: string): { publisher: string; topic: string; number: number } {
  const [publisher = '', topic = '', number = ''] = key.split('|')
  return { publisher, topic, number: Number(number) }
}

import type { EntryContext, EntryKind } from '@tern/record'

/** What became of messages, in the order in which it became known: as columns that are made once, so that an entry allocates nothing. */
export class EntryRing {
  readonly size: number
  count = 0
  readonly kinds: Uint8Array
  readonly queues: Uint16Array
  readonly positions: Float64Array
  readonly qos: Uint8Array
  readonly starts: Float64Array
  readonly middles: Float64Array
  readonly ends: Float64Array
  readonly attempts: Uint16Array
  readonly codes: Uint8Array
  readonly clientIds: string[]
  readonly names: string[]
  readonly reasons: string[]
  readonly contexts: (EntryContext | undefined)[]

  constructor(size: number) {
    this.size = size
    this.kinds = new Uint8Array(size)
    this.queues = new Uint16Array(size)
    this.positions = new Float64Array(size)
    this.qos = new Uint8Array(size)
    this.starts = new Float64Array(size)
    this.middles = new Float64Array(size)
    this.ends = new Float64Array(size)
    this.attempts = new Uint16Array(size)
    this.codes = new Uint8Array(size)
    this.clientIds = new Array<string>(size).fill('')
    this.names = new Array<string>(size).fill('')
    this.reasons = new Array<string>(size).fill('')
    this.contexts = new Array<EntryContext | undefined>(size).fill(undefined)
  }

  get isFull(): boolean {
    return this.count === this.size
  }

  /** Only while it is not full. */
  put(
    kind: EntryKind,
    queue: number,
    position: number,
    qos: number,
    startUs: number,
    middleUs: number,
    endUs: number,
    clientId: string,
    name: string,
    attempt: number,
    code: number,
    reason: string,
    context: EntryContext | undefined,
  ): void {
    const at = this.count++
    this.kinds[at] = kind
    this.queues[at] = queue
    this.positions[at] = position
    this.qos[at] = qos
    this.starts[at] = startUs
    // A clock that was set back must not make a length negative.
    this.middles[at] = middleUs < startUs ? startUs : middleUs
    this.ends[at] = endUs < this.middles[at]! ? this.middles[at]! : endUs
    this.attempts[at] = attempt
    this.codes[at] = code
    this.clientIds[at] = clientId
    this.names[at] = name
    this.reasons[at] = reason
    this.contexts[at] = context
  }
}

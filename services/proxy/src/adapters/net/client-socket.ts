export type ClientSocketListener = Readonly<{
  /** The chunk is the listener's to read until it returns. */
  data(chunk: Buffer): void
  /** All that waited in the socket has left. */
  drain(): void
  /** Called once, whoever closed it. */
  closed(): void
}>

/** The network connection of a client, TCP or WebSocket. Writes of one turn of the event loop leave together. */
export type ClientSocket = Readonly<{
  remote: string
  listen(listener: ClientSocketListener): void
  write(bytes: Buffer): void
  /** Written, and not yet taken by the network. */
  pendingBytes(): number
  pause(): void
  resume(): void
  /** Sends what waits, then closes; whoever does not close its side is cut off. */
  end(): void
  destroy(): void
}>

/** What a client that was told goodbye may take to close its side. */
export const goodbyeMs = 2_000

/** Gathers what one turn writes. */
export class WriteBatch {
  private buffers: Buffer[] = []
  private readonly flush: (bytes: Buffer) => void
  private readonly soon: (task: () => void) => void
  bytes = 0

  constructor(soon: (task: () => void) => void, flush: (bytes: Buffer) => void) {
    this.soon = soon
    this.flush = flush
  }

  add(bytes: Buffer): void {
    if (this.buffers.push(bytes) === 1) this.soon(() => this.leave())
    this.bytes += bytes.length
  }

  leave(): void {
    const { buffers } = this
    if (buffers.length === 0) return
    const bytes = buffers.length === 1 ? (buffers[0] as Buffer) : Buffer.concat(buffers, this.bytes)
    this.buffers = []
    this.bytes = 0
    this.flush(bytes)
  }
}

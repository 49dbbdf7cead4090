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
  /** host:port of the client. */
  peer: string
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

export const peerOf = ({
  remoteAddress = '',
  remotePort = 0,
}: Readonly<{ remoteAddress?: string | undefined; remotePort?: number | undefined }>) =>
  remoteAddress.includes(':') ? `[${remoteAddress}]:${remotePort}` : `${remoteAddress}:${remotePort}`

/** What a client that was told goodbye may take to close its side. */
export const goodbyeMs = 2_000

/** The sockets that the present turn of the event loop writes to: one task for all of them, and one write for each. */
export class WriteTurn {
  private batches: WriteBatch[] = []
  private readonly soon: (task: () => void) => void

  constructor(soon: (task: () => void) => void) {
    this.soon = soon
  }

  add(batch: WriteBatch): void {
    if (this.batches.push(batch) === 1) this.soon(() => this.leave())
  }

  private leave(): void {
    const { batches } = this
    this.batches = []
    for (const batch of batches) batch.leave()
  }
}

/** Gathers what one turn writes to a socket. An idle one holds nothing: there are many of them. */
export class WriteBatch {
  private readonly turn: WriteTurn
  private readonly flush: (bytes: Buffer) => void
  private first: Buffer | undefined
  private rest: Buffer[] | undefined
  bytes = 0

  constructor(turn: WriteTurn, flush: (bytes: Buffer) => void) {
    this.turn = turn
    this.flush = flush
  }

  add(bytes: Buffer): void {
    this.bytes += bytes.length
    if (this.first === undefined) {
      this.first = bytes
      this.turn.add(this)
    } else if (this.rest === undefined) this.rest = [this.first, bytes]
    else this.rest.push(bytes)
  }

  leave(): void {
    const { first, rest } = this
    if (first === undefined) return
    const bytes = rest === undefined ? first : Buffer.concat(rest, this.bytes)
    this.first = undefined
    this.rest = undefined
    this.bytes = 0
    this.flush(bytes)
  }
}

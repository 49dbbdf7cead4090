/**
 * Two-way stream of frames between two processes: a gRPC bidirectional stream, a pair in one process, or a simulated wire.
 * Frames arrive in order, or `onEnd` comes; what was sent and not yet received is then lost or not, nobody knows.
 */
export type Duplex<Out, In> = Readonly<{
  /** Never throws; after the end it does nothing. */
  send(frame: Out): void
  /** Ends both ways, now. */
  end(): void
  /** To be called once, in the same turn in which the duplex was received. */
  listen(listener: DuplexListener<In>): void
}>

export type DuplexListener<In> = Readonly<{
  frame(frame: In): void
  /** Called once, for whatever reason the stream is over, also when this side ended it. `refused`: nobody listens at the address. */
  end(reason: string, refused: boolean): void
}>

/**
 * The log port: the only durable truth. Shaped after Kafka, which stands behind it in production; the embedded log and the
 * in-memory log keep the same promises. One contract suite (`log.contract.ts`) holds them to it.
 */
export type TopicName = 'tern.messages' | 'tern.state' | 'tern.control' | 'tern.trace'

export type TopicSpec = Readonly<{
  topic: TopicName
  partitions: number
  /** Keeps the newest record of each key (and everything of the last 10 minutes); a null value deletes the key. */
  compacted: boolean
  /** 0: kept for ever. */
  retentionMs: number
}>

export type Appended = Readonly<{
  /** Offset of the first record of the batch; the others follow without a hole. */
  baseOffset: number
  /** When the log took it, by the log's clock, milliseconds since the Unix epoch. */
  appendTimeMs: number
}>

export type OffsetRange = Readonly<{
  start: number
  /** The offset that the next record will get. */
  end: number
}>

export type ReadResult = OffsetRange &
  Readonly<{
    /** Whole record batches, one after the other; the first may begin before the offset asked for. Empty at the end of the log. */
    batches: Buffer
  }>

export type Log = Readonly<{
  /** Creates missing topics; rejects with `refused` when one exists with another partition count. */
  provision(topics: readonly TopicSpec[]): Promise<void>
  /**
   * Appends one ready-made record batch (libs/record). Resolves once durable (acks=all). The caller keeps at most one append
   * outstanding for each partition; appends to several partitions in one turn travel in one request.
   * Rejects with LogError: `refused` (certainly not written) or `unknown` (read the log from the expected offset to learn).
   */
  append(topic: TopicName, partition: number, batch: Buffer): Promise<Appended>
  /** Reads from an offset. Rejects with `out-of-range` below the start (`range` says where it is) or above the end. */
  read(topic: TopicName, partition: number, from: number, bytesMax: number): Promise<ReadResult>
  /** Start and end as of a moment after the call. */
  offsets(topic: TopicName, partitions: readonly number[]): Promise<readonly OffsetRange[]>
  /** Calls `deliver` with stored batches from `from` on, then with new ones as they become durable, until cancelled. Reconnects by itself. */
  tail(
    topic: TopicName,
    partition: number,
    from: number,
    deliver: (batches: Buffer) => void,
  ): Readonly<{ cancel(): void }>
  /**
   * Tells when something stands in a partition at or above the offset that `offsets` gives for it: within milliseconds, at the cost of a
   * waiting request for each node. Undefined is said of a partition that the caller appends to just now: it learns by that what others did.
   * Absent where nobody but owners can append.
   */
  watch?(
    topic: TopicName,
    offsets: () => ReadonlyMap<number, number | undefined>,
    grown: (partition: number, range: OffsetRange) => void,
  ): Readonly<{ cancel(): void }>
  /** The first offset whose record was appended at or after the time; the end when there is none. */
  offsetAt(topic: TopicName, partition: number, timeMs: number): Promise<number>
  /** Forgets what is below the offset. */
  trim(topic: TopicName, partition: number, before: number): Promise<void>
  /** In which zone the leader of each partition stands, as was heard last; absent where a log has no leaders. */
  leaderZones?(topic: TopicName): readonly (string | undefined)[]
  close(): Promise<void>
}>

export type LogFailure = 'refused' | 'unknown' | 'out-of-range'

export class LogError extends Error {
  readonly failure: LogFailure
  readonly range: OffsetRange | undefined

  constructor(failure: LogFailure, message: string, range?: OffsetRange) {
    super(message)
    this.failure = failure
    this.range = range
  }
}

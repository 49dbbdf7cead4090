/** Where a client sends to: a topic whose partitions have three replicas. */
export type Target = Readonly<{ bootstrap: readonly string[]; prefix: string; topic: string }>

export type Wanted = Readonly<{ key: Buffer; value: Buffer; header: Buffer }>

export const headerName = 'tern'

/** So many new records for each of these partitions, which one node leads. */
export type Batches = Readonly<{ partitions: readonly number[]; records: readonly Wanted[] }>

export type Sender = Readonly<{
  /** Resolves once all replicas have them. */
  send(batches: Batches): Promise<unknown>
  close(): Promise<unknown>
}>

/** One way to write to Kafka from Node. */
export type Contender = (target: Target) => Promise<Sender>

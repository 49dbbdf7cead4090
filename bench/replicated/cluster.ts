/** A cluster that says a message is stored once three nodes, or a majority of three, have it. */
export type Cluster = Readonly<{
  name: string
  /** Host:port for MQTT of each node. */
  addresses: readonly string[]
  /** The processes of each part, by its name. */
  parts: Readonly<Record<string, readonly number[]>>
  /** What left for Kafka so far. */
  produced?(): Promise<Produced>
  stop(): Promise<void>
}>

export type Produced = Readonly<{ requests: number; batches: number; records: number }>

/** Starts one, or says in a sentence what is missing. */
export type ClusterStart = (options: Readonly<{ profile: string }>) => Promise<Cluster | string>

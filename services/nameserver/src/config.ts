export type NameserverConfig = Readonly<{
  /** Unique in the region, and the same after a restart: names the successor of a run. */
  name: string
  /** Drawn at random for this run. */
  nonce: string
  zone: string
  /** host:port to serve on; port 0 takes a free one. */
  listen: string
  /** host:port of every other nameserver. */
  peers: readonly string[]
  /** Queues of a region that is provisioned for the first time; later it must be the same. */
  queues: number
  /** Queues that move at once when a broker is back. */
  movesMax: number
  /** Records of tern.control from one snapshot to the next; 1,000 unless told. */
  snapshotRecords?: number
}>

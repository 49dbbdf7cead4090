/** A record of a shared subscription that this proxy has for one of its members. */
export type Lease = Readonly<{
  /** "$share/<name>/<filter>". */
  group: string
  /** How often a member had it before, as far as its owner knows. */
  earlier: number
  /** The member has it: it is over for the group. */
  settle(): void
  /** The member's connection is over. */
  ended(): void
  /** Calls back once nobody can get the record any more, as far as its QoS promises that. */
  whenOver(then: () => void): void
}>

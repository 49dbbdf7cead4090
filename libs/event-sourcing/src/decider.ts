/** What a state machine asks of the world. */
export type Decision<Event, Effect> = Readonly<{
  /** Appended to the log first, all or none. */
  events: readonly Event[]
  /** Run in order, and only once `events` are durable. */
  effects: readonly Effect[]
}>

/** A pure state machine: it never reads a clock, a socket or a random number. */
export type Decider<State, Command, Event, Effect> = Readonly<{
  initial: State
  decide(state: State, command: Command): Decision<Event, Effect>
  evolve(state: State, event: Event): State
}>

import type { Decider } from './decider.ts'

type Ports<Event, Effect> = Readonly<{
  append(events: readonly Event[]): Promise<void>
  perform(effect: Effect): void
}>

/** Drives one state machine: decide, persist, evolve, then act. */
export async function run<State, Command, Event, Effect>(
  { initial, decide, evolve }: Decider<State, Command, Event, Effect>,
  inbox: AsyncIterable<Command>,
  { append, perform }: Ports<Event, Effect>,
): Promise<State> {
  let state = initial
  for await (const command of inbox) {
    const { events, effects } = decide(state, command)
    if (events.length > 0) await append(events)
    state = events.reduce(evolve, state)
    for (const effect of effects) perform(effect)
  }
  return state
}

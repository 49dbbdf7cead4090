import type { Logger } from '@tern/runtime'
import { inSpan } from '@tern/telemetry'
import type { ControlState } from './core/control-state.ts'
import type { DeathCause, Telemetry } from './core/counters.ts'
import type { Decided } from './core/decisions.ts'

/** Decisions are counted, and deaths told of, once they are on the log. A death and the moves that it leads to are one span. */
export function createDecisionTeller({ tracer, counters }: Telemetry, logger: Logger) {
  return async (state: ControlState, events: readonly Decided[], append: () => Promise<void>): Promise<void> => {
    const deaths = events.filter(({ $case }) => $case === 'died').length
    const moves = events.filter(({ $case }) => $case === 'assigned').length
    const name = deaths > 0 ? 'member death' : moves > 0 ? 'queue moves' : 'membership'
    const span = tracer.start(name, { attributes: { 'tern.deaths': deaths, 'tern.moves': moves } })
    await inSpan(span, async () => {
      await append()
      for (const event of events) {
        if (event.$case === 'assigned') {
          counters.assignments++
          const { queue, broker } = event.value
          span.note('queue assigned', { 'tern.queue': queue, 'tern.broker': broker })
        } else if (event.$case === 'joined') counters.joins++
        else if (event.$case === 'died') {
          counters.deaths[causeOf(event.value.reason)]++
          const { zone, address } = state.members.get(event.value.incarnation) ?? {}
          const member = {
            'tern.incarnation': event.value.incarnation,
            'server.address': address,
            'cloud.availability_zone': zone,
          }
          span.note('member died', { ...member, 'tern.reason': event.value.reason })
          logger.warn('declared a member dead', { ...event.value, ...span.fields })
        }
      }
    })
  }
}

/** Of the sentence that is on the log: there are three kinds. */
function causeOf(reason: string): DeathCause {
  if (reason.startsWith('silent')) return 'silent'
  return reason.startsWith('another run') ? 'replaced' : 'refused'
}

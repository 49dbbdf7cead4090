import type { control } from '@tern/proto'
import type { Clock, Logger } from '@tern/runtime'
import type { ControlLog } from './adapters/control-log.ts'
import type { MemberStreams } from './adapters/member-streams.ts'
import type { ControlState } from './core/control-state.ts'
import { recoveries } from './core/recoveries.ts'

type Parts = Readonly<{
  controlLog: ControlLog
  members: MemberStreams
  clock: Clock
  logger: Logger
  append(events: readonly control.ControlEvent[]): Promise<void>
}>

/** Tells what the loss of brokers has cost, once their queues are served again. */
export function createRecoveryTeller({ controlLog, members, clock, logger, append }: Parts) {
  /** Noted while they live, for a proxy takes it with it. */
  const clientsOf = new Map<number, number>()

  const lostClients = () => {
    const dead = controlLog.events.dead(clock.now())
    const shown = new Set(dead.map(({ incarnation }) => incarnation))
    for (const known of clientsOf.keys())
      if (!shown.has(known) && !controlLog.state().members.has(known)) clientsOf.delete(known)
    return dead.map(({ incarnation, zone, diedAtMs }) => ({ zone, diedAtMs, clients: clientsOf.get(incarnation) ?? 0 }))
  }

  return {
    look(state: ControlState): void {
      const seen = members.seen()
      for (const { nonce, incarnation } of state.members.values()) {
        const sight = seen.get(nonce)
        if (sight?.connected) clientsOf.set(incarnation, sight.clients)
      }
    },
    async tell(state: ControlState): Promise<void> {
      const losses = controlLog.events.losses(clock.now())
      if (losses.length === 0) return
      const seen = members.seen()
      const sightOf = (broker: number) => seen.get(state.members.get(broker)?.nonce ?? '')
      const told = recoveries(losses, state, sightOf, lostClients())
      if (told.length === 0) return
      await append(told.map((value) => ({ claim: state.leader?.claim ?? 0, event: { $case: 'recovered', value } })))
      for (const { brokers, zone, queues, detectionMs, recoveryMs } of told)
        logger.info('the queues of dead brokers are served again', { brokers, zone, queues, detectionMs, recoveryMs })
    },
  }
}

import { type cluster, control, type nameserver } from '@tern/proto'
import { baseNameOf } from './member-names.ts'

const kindNames: Readonly<Record<number, string>> = {
  [control.MemberKind.BROKER]: 'broker',
  [control.MemberKind.PROXY]: 'proxy',
  [control.MemberKind.TRACE]: 'trace',
  [control.MemberKind.CONSOLE]: 'console',
}

/** As people read it. */
export function eventOf(event: nameserver.Event): cluster.ClusterEvent {
  const { offset, timeMs, kind, zone, recovered } = event
  const member = memberOf(event)
  return {
    ...{ id: `ev-${offset}`, kind, zone, member, text: textOf(event, member) },
    time: timestamp(timeMs),
    failover: recovered && {
      ...{ queues: recovered.queues, clients: recovered.clients, redelivered: -1 },
      detection: timestamp(recovered.detectionMs),
      recovery: timestamp(recovered.recoveryMs),
    },
    moves: event.moves.map(({ queue, fromZone, toZone, epochBefore, epochAfter }) => ({
      ...{ queue, epochBefore, epochAfter },
      from: fromZone === '' ? '' : baseNameOf('broker', fromZone),
      to: toZone === '' ? '' : baseNameOf('broker', toZone),
    })),
  }
}

function memberOf({ incarnation, memberKind, zone, nameserver: run }: nameserver.Event): string {
  if (run !== '') return baseNameOf('nameserver', zone)
  return incarnation === 0 ? '' : baseNameOf(kindNames[memberKind] ?? 'member', zone)
}

function textOf({ kind, zone, reason, moves, recovered }: nameserver.Event, member: string): string {
  switch (kind) {
    case 'member-joined':
      return `${member} joined the region.`
    case 'member-died':
      return `${member} was declared dead: ${reason}.`
    case 'queues-moved':
      return `${moves.length === 1 ? `Queue ${moves[0]?.queue} was` : `${moves.length} queues were`} given to ${targets(moves)}.`
    case 'leader-changed':
      return `${member} leads.`
    case 'drain-begun':
      return `${member} is drained.`
    case 'drain-ended':
      return `${member} takes queues again.`
    case 'recovered':
      return `${recovered?.queues} queues of ${zone} are served again, ${(recovered?.recoveryMs ?? 0) / 1_000} s after the death was told.`
    default:
      return kind
  }
}

const targets = (moves: readonly nameserver.Move[]): string =>
  [...new Set(moves.map(({ toZone }) => baseNameOf('broker', toZone)))].sort().join(', ')

const timestamp = (ms: number) => ({ seconds: Math.floor(ms / 1_000), nanos: Math.round((ms % 1_000) * 1e6) })

/** The offset in an event's id; undefined when it is none. */
export function offsetOf(id: string): number | undefined {
  const digits = /^ev-(\d{1,15})$/.exec(id)?.[1]
  return digits === undefined ? undefined : Number(digits)
}

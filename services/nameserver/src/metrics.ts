import { control } from '@tern/proto'
import { createMetrics, type MetricSpecs, type Metrics, pointsFrom } from '@tern/telemetry'
import type { ControlState } from './core/control-state.ts'
import type { NameserverCounters } from './core/counters.ts'
import type { Run } from './run.ts'

/** Everything that a nameserver counts. What is decided is counted by whoever led: sum over all nameservers. */
export const nameserverMetricSpecs = {
  'tern.nameserver.leading': { kind: 'gauge', unit: '{nameserver}', help: 'Whether this nameserver leads.' },
  'tern.nameserver.term': { kind: 'gauge', unit: '{term}', help: 'Term of the nameserver that leads.' },
  'tern.nameserver.claims': {
    kind: 'counter',
    unit: '{claim}',
    help: 'Terms that this nameserver claimed, in vain or not.',
  },
  'tern.nameserver.members': {
    kind: 'gauge',
    unit: '{member}',
    help: 'Members that live, by the control log.',
    labels: ['kind'],
  },
  'tern.nameserver.members.draining': {
    kind: 'gauge',
    unit: '{member}',
    help: 'Those of them whose queues are to go elsewhere.',
  },
  'tern.nameserver.members.connected': {
    kind: 'gauge',
    unit: '{member}',
    help: 'Members that have a stream to this nameserver.',
  },
  'tern.nameserver.joins': { kind: 'counter', unit: '{member}', help: 'Members that were let in.' },
  'tern.nameserver.deaths': {
    kind: 'counter',
    unit: '{member}',
    help: 'Members that were declared dead: silent, refused (their ports are closed), or replaced by another run.',
    labels: ['cause'],
  },
  'tern.nameserver.queues': { kind: 'gauge', unit: '{queue}', help: 'Queues of the region.' },
  'tern.nameserver.queues.unowned': { kind: 'gauge', unit: '{queue}', help: 'Queues that no living broker owns.' },
  'tern.nameserver.assignments': {
    kind: 'counter',
    unit: '{queue}',
    help: 'Queues that were given to a broker; each is a new epoch.',
  },
  'tern.nameserver.drains': {
    kind: 'counter',
    unit: '{member}',
    help: 'Brokers that were told to drain, or not to any more.',
  },
  'tern.nameserver.snapshots': { kind: 'counter', unit: '{snapshot}', help: 'Snapshots of the control log.' },
  'tern.nameserver.watchers': { kind: 'gauge', unit: '{stream}', help: 'Streams that are told of routes.' },
  'tern.nameserver.control.end': {
    kind: 'gauge',
    unit: '{record}',
    help: 'Position after the last record of the control log that was taken in.',
  },
  'tern.nameserver.log.silence': { kind: 'gauge', unit: 's', help: 'For how long the log has not answered.' },
} as const satisfies MetricSpecs

export type Running = Readonly<{
  run: Pick<Run, 'leads' | 'logSilentMs' | 'watchers' | 'members'>
  state(): ControlState
}>

export function nameserverMetrics(counters: NameserverCounters, running: () => Running | undefined): Metrics {
  const state = () => running()?.state()
  const members = () => [...(state()?.members.values() ?? [])]
  const ofKind = (kind: control.MemberKind) => members().filter((member) => member.kind === kind).length
  const unowned = ({ queues, routes, members: living }: ControlState) =>
    queues - [...routes.values()].filter(({ broker }) => living.has(broker)).length
  const whole = (read: (known: ControlState) => number) => {
    const known = state()
    return known && read(known)
  }
  return createMetrics('nameserver', nameserverMetricSpecs, {
    'tern.nameserver.leading': () => (running()?.run.leads() ? 1 : 0),
    'tern.nameserver.term': () => whole(({ leader }) => leader?.term ?? 0),
    'tern.nameserver.claims': () => counters.claims,
    'tern.nameserver.members': () => pointsFrom(kinds.map(([name, kind]) => [name, ofKind(kind)])),
    'tern.nameserver.members.draining': () => members().filter(({ draining }) => draining).length,
    'tern.nameserver.members.connected': () => running()?.run.members(),
    'tern.nameserver.joins': () => counters.joins,
    'tern.nameserver.deaths': () => pointsFrom(Object.entries(counters.deaths)),
    'tern.nameserver.queues': () => whole(({ queues }) => queues),
    'tern.nameserver.queues.unowned': () => whole(unowned),
    'tern.nameserver.assignments': () => counters.assignments,
    'tern.nameserver.drains': () => counters.drains,
    'tern.nameserver.snapshots': () => counters.snapshots,
    'tern.nameserver.watchers': () => running()?.run.watchers(),
    'tern.nameserver.control.end': () => whole(({ through }) => through + 1),
    'tern.nameserver.log.silence': () => (running()?.run.logSilentMs() ?? 0) / 1000,
  })
}

const { BROKER, PROXY, TRACE, CONSOLE } = control.MemberKind
const kinds = [
  ['broker', BROKER],
  ['proxy', PROXY],
  ['trace', TRACE],
  ['console', CONSOLE],
] as const

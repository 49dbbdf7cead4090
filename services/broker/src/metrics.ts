import { createMetrics, type MetricSpecs, type Metrics, pointsFrom } from '@tern/telemetry'
import type { QueueRunner } from './adapters/queue/queue-runner.ts'
import type { BrokerCounters } from './core/counters.ts'
import type { Life } from './lives.ts'

/** Everything that a broker counts. */
export const brokerMetricSpecs = {
  'tern.broker.queues': {
    kind: 'gauge',
    unit: '{queue}',
    help: 'Queues that the broker owns: served, or being taken over.',
    labels: ['state'],
  },
  'tern.broker.queue.end': {
    kind: 'gauge',
    unit: '{record}',
    help: 'Position that the next record of an owned queue gets.',
    labels: ['queue'],
  },
  'tern.broker.queue.epoch': {
    kind: 'gauge',
    unit: '{epoch}',
    help: 'Epoch at which the queue is owned; it grows with each move.',
    labels: ['queue'],
  },
  'tern.broker.queue.behind': {
    kind: 'gauge',
    unit: '{record}',
    help: 'Records that the attached proxy that is farthest behind has not come to.',
    labels: ['queue'],
  },
  'tern.broker.queue.group.behind': {
    kind: 'gauge',
    unit: '{record}',
    help: 'Records that the shared subscription that is farthest behind has not come to.',
    labels: ['queue'],
  },
  'tern.broker.queues.given_up': { kind: 'counter', unit: '{queue}', help: 'Queues that went to other brokers.' },
  'tern.broker.takeover.duration': {
    kind: 'histogram',
    unit: 's',
    help: 'From a queue being assigned to its being served.',
  },
  'tern.broker.takeovers.failed': {
    kind: 'counter',
    unit: '{queue}',
    help: 'Takeovers that failed and were tried again.',
  },
  'tern.broker.append.batches': { kind: 'counter', unit: '{batch}', help: 'Batches that the log stored.' },
  'tern.broker.append.records': { kind: 'counter', unit: '{record}', help: 'Records in these batches.' },
  'tern.broker.append.size': { kind: 'counter', unit: 'By', help: 'Bytes of these batches.' },
  'tern.broker.append.duration': {
    kind: 'histogram',
    unit: 's',
    help: 'From a batch leaving for the log to its being durable.',
  },
  'tern.broker.append.uncertain': {
    kind: 'counter',
    unit: '{batch}',
    help: 'Batches of which it was not known whether the log has them; it was read, and the rest written again.',
  },
  'tern.broker.append.repetitions': {
    kind: 'counter',
    unit: '{record}',
    help: 'Records that came again after a failure and were not written twice.',
  },
  'tern.broker.append.refused': {
    kind: 'counter',
    unit: '{record}',
    help: 'Records that were refused, by reason code.',
    labels: ['reason'],
  },
  'tern.broker.catch_up.size': {
    kind: 'counter',
    unit: 'By',
    help: 'Bytes that catching up read from the log, delivered, and skipped because summaries say that nothing matches.',
    labels: ['what'],
  },
  'tern.broker.clients': {
    kind: 'gauge',
    unit: '{client}',
    help: 'Clients that the homes here know: sessions, and wills that are to come.',
  },
  'tern.broker.session.takeovers': {
    kind: 'counter',
    unit: '{connect}',
    help: 'CONNECTs of clients that had a connection.',
  },
  'tern.broker.wills': { kind: 'counter', unit: '{message}', help: 'Wills that were published.' },
  'tern.broker.retained.messages': { kind: 'gauge', unit: '{message}', help: 'Retained messages of the owned queues.' },
  'tern.broker.retained.size': { kind: 'gauge', unit: 'By', help: 'Bytes of these.' },
  'tern.broker.groups': {
    kind: 'gauge',
    unit: '{group}',
    help: 'Shared subscriptions, counted in each queue that they reach.',
  },
  'tern.broker.links': { kind: 'gauge', unit: '{stream}', help: 'Streams of proxies and other brokers.' },
  'tern.broker.snapshots': { kind: 'counter', unit: '{snapshot}', help: 'Snapshots of queues that were written.' },
  'tern.broker.snapshots.failed': {
    kind: 'counter',
    unit: '{snapshot}',
    help: 'Snapshots that could not be written; the one before stays.',
  },
  'tern.broker.log.silence': { kind: 'gauge', unit: 's', help: 'For how long the log has not answered.' },
  'tern.broker.incarnations': {
    kind: 'counter',
    unit: '{incarnation}',
    help: 'Times that the broker joined the region; more than one: it was declared dead meanwhile.',
  },
} as const satisfies MetricSpecs

/** `present`: the incarnation that there is now. */
export function brokerMetrics(
  counters: BrokerCounters,
  present: () => Omit<Life, 'scans' | 'inspect'> | undefined,
): Metrics {
  const ownership = () => present()?.ownership
  const each = (read: (runner: QueueRunner) => number) =>
    pointsFrom((ownership()?.runners() ?? []).map((runner) => [runner.queue, read(runner)]))
  const sum = (read: (runner: QueueRunner) => number) =>
    ownership()
      ?.runners()
      .reduce((total, runner) => total + read(runner), 0)
  return createMetrics('broker', brokerMetricSpecs, {
    'tern.broker.queues': () =>
      pointsFrom([
        ['serving', ownership()?.serving.length ?? 0],
        ['opening', ownership()?.opening ?? 0],
      ]),
    'tern.broker.queue.end': () => each(({ state }) => state.next),
    'tern.broker.queue.epoch': () => each(({ queue }) => ownership()?.epochOf(queue) ?? 0),
    'tern.broker.queue.behind': () => each(({ dispatcher, state }) => dispatcher.standing(state.next).behind),
    'tern.broker.queue.group.behind': () => each(({ groups }) => groups.behind),
    'tern.broker.queues.given_up': () => counters.queuesGivenUp,
    'tern.broker.takeover.duration': () => counters.takeoverDelay,
    'tern.broker.takeovers.failed': () => counters.takeoversFailed,
    'tern.broker.append.batches': () => counters.appendedBatches,
    'tern.broker.append.records': () => counters.appendedRecords,
    'tern.broker.append.size': () => counters.appendedBytes,
    'tern.broker.append.duration': () => counters.appendDelay,
    'tern.broker.append.uncertain': () => counters.appendsUncertain,
    'tern.broker.append.repetitions': () => counters.repetitions,
    'tern.broker.append.refused': () => counters.refused.points(),
    'tern.broker.catch_up.size': () => pointsFrom(Object.entries(counters.caughtUp)),
    'tern.broker.clients': () => present()?.homes.clients(),
    'tern.broker.session.takeovers': () => counters.sessionTakeovers,
    'tern.broker.wills': () => counters.willsPublished,
    'tern.broker.retained.messages': () => sum(({ retained }) => retained.size),
    'tern.broker.retained.size': () => sum(({ retained }) => retained.bytes),
    'tern.broker.groups': () => sum(({ groups }) => groups.count),
    'tern.broker.links': () => present()?.links.count,
    'tern.broker.snapshots': () => counters.snapshots,
    'tern.broker.snapshots.failed': () => counters.snapshotsFailed,
    'tern.broker.log.silence': () => (present()?.logSilentMs() ?? 0) / 1000,
    'tern.broker.incarnations': () => counters.incarnations,
  })
}

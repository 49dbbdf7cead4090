import { createMetrics, type MetricSpecs, type Metrics, pointsFrom, rpcCallSpec } from '@tern/telemetry'
import type { ProxyCounters } from './core/counters.ts'
import type { Incarnation } from './incarnation.ts'

/** Everything that a proxy counts. */
export const proxyMetricSpecs = {
  'tern.proxy.connections': {
    kind: 'gauge',
    unit: '{connection}',
    help: 'Connections of clients, those that have sent no CONNECT yet among them.',
  },
  'tern.proxy.sessions': {
    kind: 'gauge',
    unit: '{session}',
    help: 'Clients whose CONNECT was accepted and who are connected.',
  },
  'tern.proxy.connects': {
    kind: 'counter',
    unit: '{connect}',
    help: 'CONNECTs that were answered, by the reason code of CONNACK.',
    labels: ['reason'],
  },
  'tern.proxy.disconnects': {
    kind: 'counter',
    unit: '{connection}',
    help: 'Connections that ended with a word, by its reason code: session_taken_over is a takeover.',
    labels: ['reason'],
  },
  'tern.proxy.connections.lost': {
    kind: 'counter',
    unit: '{connection}',
    help: 'Connections that ended without a word.',
  },
  'tern.proxy.connections.turned_away': {
    kind: 'counter',
    unit: '{connection}',
    help: 'Connections that were closed at once since the proxy has as many as it may.',
  },
  'tern.proxy.subscribes': { kind: 'counter', unit: '{subscription}', help: 'Filters that clients subscribed to.' },
  'tern.proxy.published.messages': {
    kind: 'counter',
    unit: '{message}',
    help: 'Messages that clients published and the proxy handed on.',
    labels: ['qos'],
  },
  'tern.proxy.published.size': { kind: 'counter', unit: 'By', help: 'Payload of these messages.', labels: ['qos'] },
  'tern.proxy.published.refused': {
    kind: 'counter',
    unit: '{message}',
    help: 'Messages that were refused, by reason code.',
    labels: ['reason'],
  },
  'tern.proxy.published.held': {
    kind: 'counter',
    unit: '{message}',
    help: 'Times that a client was not read on because too much of its queue was unanswered.',
  },
  'tern.proxy.published.unanswered': {
    kind: 'gauge',
    unit: '{message}',
    help: 'Messages on their way to owners of queues.',
  },
  'tern.proxy.delivered.messages': {
    kind: 'counter',
    unit: '{message}',
    help: 'PUBLISH packets to clients, repetitions among them.',
    labels: ['qos'],
  },
  'tern.proxy.delivered.size': { kind: 'counter', unit: 'By', help: 'Bytes of these packets.', labels: ['qos'] },
  'tern.proxy.delivered.dropped': {
    kind: 'counter',
    unit: '{message}',
    help: 'Messages that matched a subscription and never left to its client, by reason.',
    labels: ['reason'],
  },
  'tern.proxy.delivered.delay': {
    kind: 'histogram',
    unit: 's',
    help: 'From a message reaching the proxy of its publisher to its being handed to subscribers here, as it comes; what is caught up later is not counted.',
  },
  'tern.proxy.retention.gaps': {
    kind: 'counter',
    unit: '{gap}',
    help: 'Times that retention took messages before a session had them.',
  },
  'tern.proxy.in_flight': {
    kind: 'gauge',
    unit: '{message}',
    help: 'Packets of QoS 1 and 2 that clients have not acknowledged.',
  },
  'tern.proxy.in_flight.oldest': {
    kind: 'gauge',
    unit: 's',
    help: 'For how long the oldest of them is out, to half a second.',
  },
  'tern.proxy.in_flight.full': {
    kind: 'gauge',
    unit: '{session}',
    help: 'Sessions that can be sent no more before they acknowledge something.',
  },
  'tern.proxy.in_flight.full.time': { kind: 'counter', unit: 's', help: 'Time that sessions spent so, added up.' },
  'tern.proxy.queues': { kind: 'gauge', unit: '{queue}', help: 'Queues of the region.' },
  'tern.proxy.queues.linked': { kind: 'gauge', unit: '{queue}', help: 'Queues whose owner the proxy has a stream to.' },
  'rpc.server.call.duration': rpcCallSpec,
  'tern.proxy.calls.open': {
    kind: 'gauge',
    unit: '{call}',
    help: 'Calls of the public API that go on, streams among them.',
  },
  'tern.proxy.incarnations': {
    kind: 'counter',
    unit: '{incarnation}',
    help: 'Times that the proxy joined the region; more than one: it was declared dead meanwhile.',
  },
} as const satisfies MetricSpecs

/** `present`: the incarnation that there is now. */
export function proxyMetrics(counters: ProxyCounters, present: () => Incarnation | undefined): Metrics {
  const connections = () => present()?.context.connections
  const inFlight = () => connections()?.inFlight
  return createMetrics('proxy', proxyMetricSpecs, {
    'tern.proxy.connections': () => connections()?.size ?? 0,
    'tern.proxy.sessions': () => counters.sessions,
    'tern.proxy.connects': () => counters.connects.points(),
    'tern.proxy.disconnects': () => counters.endings.points(),
    'tern.proxy.connections.lost': () => counters.lost,
    'tern.proxy.connections.turned_away': () => counters.turnedAway,
    'tern.proxy.subscribes': () => counters.subscribes,
    'tern.proxy.published.messages': () => byQos(counters.published),
    'tern.proxy.published.size': () => byQos(counters.publishedBytes),
    'tern.proxy.published.refused': () => counters.refused.points(),
    'tern.proxy.published.held': () => counters.heldForRoom,
    'tern.proxy.published.unanswered': () => present()?.region.unanswered,
    'tern.proxy.delivered.messages': () => byQos(counters.delivered),
    'tern.proxy.delivered.size': () => byQos(counters.deliveredBytes),
    'tern.proxy.delivered.dropped': () => pointsFrom(Object.entries(counters.dropped)),
    'tern.proxy.delivered.delay': () => counters.publishToOffer,
    'tern.proxy.retention.gaps': () => counters.gaps,
    'tern.proxy.in_flight': () => inFlight()?.packets,
    'tern.proxy.in_flight.oldest': () => (inFlight()?.oldestMs ?? 0) / 1000,
    'tern.proxy.in_flight.full': () => inFlight()?.fullWindows,
    'tern.proxy.in_flight.full.time': () => counters.windowFullMs / 1000,
    'tern.proxy.queues': () => present()?.region.queues,
    'tern.proxy.queues.linked': () => present()?.region.linkedQueues,
    'rpc.server.call.duration': () => counters.calls.points(),
    'tern.proxy.calls.open': () => counters.calls.open,
    'tern.proxy.incarnations': () => counters.incarnations,
  })
}

const byQos = (counts: readonly number[]) => pointsFrom(counts.entries())

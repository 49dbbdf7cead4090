import { randomBytes } from 'node:crypto'

export const nodeNumbers = [1, 2, 3] as const
export type NodeNumber = (typeof nodeNumbers)[number]

/** Each node stands in the zone whose proxies and brokers `npm start` runs. */
export const racks: Readonly<Record<NodeNumber, string>> = { 1: 'az-a', 2: 'az-b', 3: 'az-c' }

export type Ports = Readonly<{ client: number; controller: number }>
export type PortsOf = Readonly<Record<NodeNumber, Ports>>

/** Kafka refuses ids of directories that begin with zeros, which it reserves. */
export function drawKafkaId(): string {
  for (;;) {
    const id = randomBytes(16).toString('base64url')
    if (!id.startsWith('-') && !id.startsWith('AAAA')) return id
  }
}

/** The voters of the metadata quorum as `format --initial-controllers` wants them. */
export const votersOf = (ports: PortsOf, directoryIds: Readonly<Record<NodeNumber, string>>): string =>
  nodeNumbers.map((node) => `${node}@127.0.0.1:${ports[node].controller}:${directoryIds[node]}`).join(',')

/**
 * One of three combined nodes (broker and controller). Replication and failover as a production cluster should have them:
 * a dead node is fenced after 1.5 s instead of 9, since until then every acks=all write waits for it.
 */
export function propertiesOf(
  node: NodeNumber,
  ports: PortsOf,
  dataFolder: string,
  more: readonly string[] = [],
): string {
  const quorum = nodeNumbers.map((each) => `127.0.0.1:${ports[each].controller}`).join(',')
  const { client, controller } = ports[node]
  return [
    'process.roles=broker,controller',
    `node.id=${node}`,
    `broker.rack=${racks[node]}`,
    `listeners=PLAINTEXT://127.0.0.1:${client},CONTROLLER://127.0.0.1:${controller}`,
    `advertised.listeners=PLAINTEXT://127.0.0.1:${client}`,
    'controller.listener.names=CONTROLLER',
    'inter.broker.listener.name=PLAINTEXT',
    'listener.security.protocol.map=CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT',
    `controller.quorum.bootstrap.servers=${quorum}`,
    `log.dirs=${dataFolder}`,
    'default.replication.factor=3',
    'min.insync.replicas=2',
    'unclean.leader.election.enable=false',
    'auto.create.topics.enable=false',
    'offsets.topic.num.partitions=3',
    'offsets.topic.replication.factor=3',
    'transaction.state.log.num.partitions=3',
    'transaction.state.log.replication.factor=3',
    'transaction.state.log.min.isr=2',
    'share.coordinator.state.topic.num.partitions=3',
    'group.initial.rebalance.delay.ms=0',
    // Small heaps: the cleaner would take 128 MiB of each.
    'log.cleaner.dedupe.buffer.size=16777216',
    'log.cleaner.backoff.ms=500',
    'num.network.threads=2',
    'num.io.threads=4',
    'broker.session.timeout.ms=1500',
    'broker.heartbeat.interval.ms=250',
    'controller.quorum.fetch.timeout.ms=1000',
    'controller.quorum.election.timeout.ms=500',
    'replica.lag.time.max.ms=10000',
    'replica.fetch.wait.max.ms=50',
    ...more,
    '',
  ].join('\n')
}

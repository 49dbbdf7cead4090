import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { globSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePorts, loopback } from '../../tools/region/ports.ts'
import { ended, listening } from '../servers.ts'
import type { ClusterStart } from './cluster.ts'
import { untilStored } from './until-stored.ts'

const nodeCount = 3
const portsOfOne = 3
/** Debian's way around its wrapper, which changes the user. */
const programs = '/usr/lib/rabbitmq/bin'

/** RabbitMQ on three nodes; sessions that last are quorum queues. Beyond that only its window for a subscriber is widened, from 10. */
export const rabbitmq: ClusterStart = async () => {
  const [version] = globSync('/usr/lib/rabbitmq/lib/rabbitmq_server-*')
  if (version === undefined) return 'RabbitMQ is not installed (Debian: rabbitmq-server)'
  const folder = mkdtempSync(join(tmpdir(), 'tern-bench-rabbitmq-'))
  const [epmdPort = 0, ...ports] = await freePorts(1 + portsOfOne * nodeCount)
  writeFileSync(join(folder, '.erlang.cookie'), 'BENCH', { mode: 0o400 })
  writeFileSync(join(folder, 'plugins'), '[rabbitmq_mqtt].\n')
  const shared = { HOME: folder, ERL_EPMD_PORT: `${epmdPort}`, ERL_EPMD_ADDRESS: loopback }
  const children: ChildProcess[] = []
  const stop = async () => {
    await Promise.all(children.map(ended))
    rmSync(folder, { recursive: true, force: true })
  }
  children.push(spawn('epmd', ['-port', `${epmdPort}`, '-address', loopback], { stdio: 'ignore' }))
  await listening(`${loopback}:${epmdPort}`)
  const addresses: string[] = []
  for (const [i, name] of names.entries()) {
    const [amqp = 0, mqtt = 0, distribution = 0] = ports.slice(portsOfOne * i)
    children.push(startNode(join(folder, name), name, { amqp, mqtt, distribution }, shared))
    addresses.push(`${loopback}:${mqtt}`)
    // The others join the first; a queue that is made before they did stays where it is.
    if (i === 0) await listening(addresses[0] ?? '')
  }
  for (const address of addresses) await listening(address)
  await untilStored(addresses)
  const kept = queueFacts({ ...process.env, ...shared })
  if (kept !== `quorum on ${nodeCount} nodes`) {
    await stop()
    return `RabbitMQ keeps a lasting session in a queue of type ${kept}`
  }
  return { name: 'RabbitMQ', addresses, parts: { RabbitMQ: children.map(({ pid }) => pid ?? 0) }, stop }
}

const names = Array.from({ length: nodeCount }, (_, i) => `r${i + 1}@localhost`)

type NodePorts = Readonly<{ amqp: number; mqtt: number; distribution: number }>

function startNode(folder: string, name: string, ports: NodePorts, shared: Record<string, string>): ChildProcess {
  mkdirSync(folder)
  const config = [
    `listeners.tcp.1 = ${loopback}:${ports.amqp}`,
    `mqtt.listeners.tcp.1 = ${loopback}:${ports.mqtt}`,
    'mqtt.durable_queue_type = quorum',
    'mqtt.prefetch = 100',
    'cluster_formation.peer_discovery_backend = classic_config',
    ...names.map((each, i) => `cluster_formation.classic_config.nodes.${i + 1} = ${each}`),
  ]
  writeFileSync(join(folder, 'rabbitmq.conf'), `${config.join('\n')}\n`)
  const env = {
    ...process.env,
    ...shared,
    RABBITMQ_NODENAME: name,
    RABBITMQ_DIST_PORT: `${ports.distribution}`,
    RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS: '-kernel inet_dist_use_interface {127,0,0,1}',
    RABBITMQ_CONF_ENV_FILE: join(folder, 'none'),
    RABBITMQ_CONFIG_FILE: join(folder, 'rabbitmq.conf'),
    RABBITMQ_ENABLED_PLUGINS_FILE: join(shared['HOME'] ?? '', 'plugins'),
    RABBITMQ_MNESIA_BASE: folder,
    RABBITMQ_LOG_BASE: folder,
    // Its start script then becomes the node, whose process can be measured and ended.
    RUNNING_UNDER_SYSTEMD: 'true',
  }
  return spawn(join(programs, 'rabbitmq-server'), { env, stdio: 'ignore' })
}

type QueueFacts = Readonly<{ type: string; members?: readonly string[] }>

/** As RabbitMQ itself says of the first session that lasts. */
function queueFacts(env: NodeJS.ProcessEnv): string {
  const args = ['--node', names[0] ?? '', '--formatter', 'json', 'list_queues', 'type', 'members']
  const { stdout } = spawnSync(join(programs, 'rabbitmqctl'), args, { env, encoding: 'utf8' })
  const [queue] = JSON.parse(stdout.slice(stdout.indexOf('['))) as QueueFacts[]
  return queue === undefined ? 'none' : `${queue.type} on ${queue.members?.length ?? 0} nodes`
}

import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePorts, loopback } from '../../tools/region/ports.ts'
import { ended } from '../servers.ts'
import type { ClusterStart } from './cluster.ts'
import { untilStored } from './until-stored.ts'

const replicas = 3
const source = 'github.com/nats-io/nats-server/v2@latest'
/** Where MQTT messages of QoS 1 are kept. */
const messagesStream = '$MQTT_msgs'
const portsOfOne = 4

/** NATS with JetStream on three nodes, its MQTT streams with three replicas; all else as it comes. */
export const nats: ClusterStart = async () => {
  const program = fetched()
  if (program === undefined) return 'NATS is not installed and there is no Go to fetch it with'
  const folder = mkdtempSync(join(tmpdir(), 'tern-bench-nats-'))
  const ports = await freePorts(portsOfOne * replicas)
  const nodes = Array.from({ length: replicas }, (_, i) => {
    const [client = 0, cluster = 0, monitor = 0, mqtt = 0] = ports.slice(portsOfOne * i)
    return { name: `n${i + 1}`, client, cluster, monitor, mqtt }
  })
  const routes = nodes.map(({ cluster }) => `nats://${loopback}:${cluster}`)
  const children: ChildProcess[] = nodes.map(({ name, client, cluster, monitor, mqtt }) => {
    const config = [
      `server_name: ${name}`,
      `listen: "${loopback}:${client}"`,
      `http: "${loopback}:${monitor}"`,
      `jetstream { store_dir: "${join(folder, name)}" }`,
      `cluster { name: bench, listen: "${loopback}:${cluster}", routes: [${routes.join(', ')}] }`,
      `mqtt { listen: "${loopback}:${mqtt}", stream_replicas: ${replicas} }`,
    ]
    const file = join(folder, `${name}.conf`)
    writeFileSync(file, `${config.join('\n')}\n`)
    return spawn(program, ['-c', file, '-l', join(folder, `${name}.log`)], { stdio: 'ignore' })
  })
  const stop = async () => {
    await Promise.all(children.map(ended))
    rmSync(folder, { recursive: true, force: true })
  }
  const addresses = nodes.map(({ mqtt }) => `${loopback}:${mqtt}`)
  await untilStored(addresses)
  const kept = await replicasOf(nodes[0]?.monitor ?? 0)
  if (kept !== replicas) {
    await stop()
    return `NATS keeps MQTT messages on ${kept} nodes instead of ${replicas}`
  }
  return { name: 'NATS', addresses, parts: { NATS: children.map(({ pid }) => pid ?? 0) }, stop }
}

/** The one of this machine, or the newest that Go's registry has, built once. */
function fetched(): string | undefined {
  if (spawnSync('nats-server', ['--version']).status === 0) return 'nats-server'
  const folder = join(import.meta.dirname, '../../.tern/bin')
  const program = join(folder, 'nats-server')
  if (!existsSync(program)) {
    process.stderr.write('fetching NATS with Go (once)\n')
    spawnSync('go', ['install', source], {
      env: { ...process.env, GOBIN: folder },
      stdio: ['ignore', 'ignore', 'inherit'],
    })
  }
  return existsSync(program) ? program : undefined
}

type Streams = Readonly<{
  account_details?: readonly Readonly<{
    stream_detail?: readonly Readonly<{ name: string; config?: Readonly<{ num_replicas: number }> }>[]
  }>[]
}>

/** As NATS itself says. */
async function replicasOf(monitor: number): Promise<number> {
  const answer = await fetch(`http://${loopback}:${monitor}/jsz?accounts=true&streams=true&config=true`)
  const { account_details = [] } = (await answer.json()) as Streams
  const streams = account_details.flatMap(({ stream_detail = [] }) => stream_detail)
  return streams.find(({ name }) => name === messagesStream)?.config?.num_replicas ?? 0
}

import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { untilKafkaServes } from '@tern/log'
import { endLeftovers } from '../region/leftovers.ts'
import { portsOrFree } from '../region/ports.ts'
import { checkJava, fetchKafka, KafkaProblem } from './distribution.ts'
import { NodeProcess } from './node-process.ts'
import {
  drawKafkaId,
  type NodeNumber,
  nodeNumbers,
  type Ports,
  type PortsOf,
  propertiesOf,
  votersOf,
} from './properties.ts'

export type ClusterOptions = Readonly<{
  /** Holds the data, logs and process ids of the three nodes. */
  folder: string
  /** Where the jars are kept, for all clusters of this checkout. */
  jars: string
  /** Of the first node; the others follow, the controllers' are 100 above. 0: free ones. */
  port: number
  /** More lines for a node's properties; they win over its own. */
  properties?: (node: NodeNumber, ports: Ports) => readonly string[]
  /** More arguments for the tool that formats the folders. */
  formatting?: readonly string[]
  say(text: string): void
}>

type Identity = Readonly<{ cluster: string; directories: Record<NodeNumber, string>; ports: PortsOf }>

const log4j = join(import.meta.dirname, '../../infra/kafka/log4j2.properties')
const readyWithinMs = 60_000
export const stopGraceMs = 8_000

/** Three Kafka nodes of one cluster, each a process in a rack of its own. */
export class KafkaCluster {
  readonly bootstrap: string
  readonly nodes: ReadonlyMap<NodeNumber, NodeProcess>

  private constructor(bootstrap: string, nodes: ReadonlyMap<NodeNumber, NodeProcess>) {
    this.bootstrap = bootstrap
    this.nodes = nodes
  }

  /** Fetches and formats what is not there yet; the nodes are not started. */
  static async prepare(options: ClusterOptions): Promise<KafkaCluster> {
    const { folder, jars, properties = () => [], formatting = [], say } = options
    checkJava()
    const classPath = fetchKafka(jars, say)
    for (const part of ['run', 'logs']) mkdirSync(join(folder, part), { recursive: true })
    // Of a cluster whose command was killed.
    await endLeftovers(folder)
    const identity = await identityIn(folder, options.port)
    const nodes = new Map(
      nodeNumbers.map((node) => {
        const files = {
          folder,
          properties: join(folder, `node-${node}.properties`),
          log: join(folder, 'logs', `kafka-${node}.log`),
          pid: join(folder, 'run', `kafka-${node}.pid`),
          log4j,
        }
        const data = join(folder, `node-${node}`)
        const more = properties(node, identity.ports[node])
        writeFileSync(files.properties, propertiesOf(node, identity.ports, data, more))
        if (!existsSync(data)) format(classPath, files.properties, identity, formatting)
        return [node, new NodeProcess(classPath, files, (why) => say(`kafka ${node} ended (${why})`))] as const
      }),
    )
    const bootstrap = nodeNumbers.map((node) => `127.0.0.1:${identity.ports[node].client}`).join(',')
    return new KafkaCluster(bootstrap, nodes)
  }

  /** Resolves once a topic with three replicas could be made. */
  async start(): Promise<void> {
    for (const node of this.nodes.values()) node.start()
    await untilKafkaServes(this.bootstrap, nodeNumbers.length, readyWithinMs).catch((error: Error) => {
      throw new KafkaProblem(
        `the three Kafka nodes did not come up within ${readyWithinMs / 1_000} s: ${error.message}; their logs say more`,
      )
    })
  }

  node(number: NodeNumber): NodeProcess {
    return this.nodes.get(number) as NodeProcess
  }

  async stop(): Promise<void> {
    await Promise.all([...this.nodes.values()].map((node) => node.stop(stopGraceMs)))
  }

  async killAll(): Promise<void> {
    await Promise.all([...this.nodes.values()].map((node) => node.kill()))
  }
}

/** Ids and ports of a cluster never change, so they are drawn once. */
async function identityIn(folder: string, port: number): Promise<Identity> {
  const file = join(folder, 'cluster.json')
  if (existsSync(file)) return JSON.parse(readFileSync(file, 'utf8')) as Identity
  const wanted = nodeNumbers.flatMap((node) => (port === 0 ? [0, 0] : [port + node - 1, port + 99 + node]))
  const [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0] = await portsOrFree(wanted)
  const ports = {
    1: { client: a, controller: b },
    2: { client: c, controller: d },
    3: { client: e, controller: f },
  }
  const directories = { 1: drawKafkaId(), 2: drawKafkaId(), 3: drawKafkaId() }
  const identity = { cluster: drawKafkaId(), directories, ports }
  writeFileSync(file, `${JSON.stringify(identity, null, 2)}\n`)
  return identity
}

function format(
  classPath: string,
  properties: string,
  { cluster, directories, ports }: Identity,
  more: readonly string[],
): void {
  const voters = votersOf(ports, directories)
  const tool = ['-cp', classPath, `-Dlog4j2.configurationFile=${log4j}`, 'kafka.tools.StorageTool', 'format']
  const args = [...tool, '--cluster-id', cluster, '--initial-controllers', voters, '--config', properties, ...more]
  const { status, stdout, stderr } = spawnSync('java', args, { encoding: 'utf8' })
  if (status !== 0) throw new KafkaProblem(`a Kafka folder could not be formatted:\n${stdout}${stderr}`)
}

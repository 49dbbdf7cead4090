import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { drawKafkaId, nodeNumbers, propertiesOf } from './properties.ts'

const infra = join(import.meta.dirname, '../../infra')
const firstPort = 19_090
const ports = Object.fromEntries(nodeNumbers.map((node) => [node, { client: firstPort + node, controller: 0 }]))

type Service = Readonly<{ image: string; ports: string[]; volumes: string[]; environment: Record<string, string> }>
const { services, volumes } = parse(readFileSync(join(infra, 'compose.yaml'), 'utf8'), { merge: true }) as {
  services: Record<string, Service>
  volumes: Record<string, unknown>
}

/** Where nodes find one another and keep their files is another matter in containers. */
const addresses = [
  'listeners',
  'advertised.listeners',
  'listener.security.protocol.map',
  'controller.quorum.bootstrap.servers',
  'controller.quorum.voters',
  'log.dirs',
]

const variableOf = (property: string) => `KAFKA_${property.toUpperCase().replaceAll('.', '_')}`
const isAddress = (variable: string) => addresses.some((each) => variableOf(each) === variable)

function settingsOf({ environment }: Service): Record<string, string> {
  const notProperties = ['CLUSTER_ID', 'KAFKA_HEAP_OPTS']
  return Object.fromEntries(
    Object.entries(environment).filter(([name]) => !isAddress(name) && !notProperties.includes(name)),
  )
}

describe.each(nodeNumbers)('infra/compose.yaml, node %d', (node) => {
  const service = services[`kafka-${node}`] as Service

  test('has the settings of npm run kafka, no more and no less', () => {
    const lines = propertiesOf(node, ports as never, '')
      .trim()
      .split('\n')
    const pairs = lines.map((line) => [variableOf(line.slice(0, line.indexOf('='))), line.slice(line.indexOf('=') + 1)])
    const wanted = Object.fromEntries(pairs.filter(([name = '']) => !isAddress(name)))
    expect(settingsOf(service)).toEqual(wanted)
  })

  test('is reached by the address of npm run kafka, and keeps its data in a volume of its own', () => {
    const { environment, ports: published, volumes: mounted } = service
    const address = `127.0.0.1:${firstPort + node}`
    expect(published).toEqual([`${address}:9094`])
    expect(environment['KAFKA_LISTENERS']).toContain('HOST://:9094')
    expect(environment['KAFKA_ADVERTISED_LISTENERS']).toBe(`PLAINTEXT://kafka-${node}:9092,HOST://${address}`)
    expect(mounted).toEqual([`kafka-${node}:${environment['KAFKA_LOG_DIRS']}`])
    expect(Object.keys(volumes)).toContain(`kafka-${node}`)
  })

  test('runs the version that npm run kafka fetches, in the same cluster as the others', () => {
    const version = /<kafka>(.+)<\/kafka>/.exec(readFileSync(join(infra, 'kafka/pom.xml'), 'utf8'))?.[1]
    expect(service.image).toBe(`apache/kafka:${version}`)
    expect(service.environment['CLUSTER_ID']).toHaveLength(drawKafkaId().length)
    expect(new Set(Object.values(services).map(({ environment }) => environment['CLUSTER_ID'])).size).toBe(1)
  })
})

import { expect, test } from 'vitest'
import { contracts } from '../contracts.ts'
import { openApi } from './openapi.ts'

const services = ['ClusterService', 'MessagingService', 'ClientService', 'TopicService', 'TraceService']
const page = openApi(
  contracts(),
  services.map((name) => `tern.v1.${name}`),
  '1.2.3',
) as {
  openapi: string
  paths: Record<string, Record<string, Record<string, unknown>>>
  components: { schemas: Record<string, Record<string, unknown>> }
}

function* within(value: unknown): Generator<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null) return
  if (!Array.isArray(value)) yield value as Record<string, unknown>
  for (const each of Object.values(value)) yield* within(each)
}

test('every reference leads to a schema', () => {
  const references = [...within(page)].flatMap(({ $ref }) => (typeof $ref === 'string' ? [$ref] : []))
  expect(references.length).toBeGreaterThan(50)
  const missing = references.filter(
    (each) => page.components.schemas[each.replace('#/components/schemas/', '')] === undefined,
  )
  expect(missing).toEqual([])
})

test('every operation has a name of its own, a request, an answer and errors', () => {
  const operations = Object.values(page.paths).flatMap((item) => Object.values(item))
  const ids = operations.map(({ operationId }) => operationId)
  expect(new Set(ids).size).toBe(ids.length)
  for (const operation of operations) {
    expect(Object.keys(operation['responses'] as object), `${operation['operationId']}`).toEqual(['200', 'default'])
    expect(operation['requestBody'] ?? operation['parameters']).toBeDefined()
  }
})

test('what only reads can be asked by GET, streams are events, and streams of requests are left out', () => {
  expect(Object.keys(page.paths['/tern.v1.ClusterService/GetServerInfo'] ?? {})).toEqual(['post', 'get'])
  expect(Object.keys(page.paths['/tern.v1.ClusterService/Drain'] ?? {})).toEqual(['post'])
  expect(JSON.stringify(page.paths['/tern.v1.ClusterService/WatchEvents'])).toContain('text/event-stream')
  expect(page.paths['/tern.v1.MessagingService/Subscribe']).toBeUndefined()
})

test('comments of the contracts describe calls, messages and fields', () => {
  expect(page.paths['/tern.v1.ClusterService/ListEvents']?.['post']?.['description']).toBe('Newest first.')
  const { Failover, ClusterEvent } = Object.fromEntries(
    Object.entries(page.components.schemas).map(([name, schema]) => [name.replace('tern.v1.', ''), schema]),
  )
  expect(Failover?.['description']).toContain('what the loss of a broker or zone cost')
  expect(ClusterEvent?.['properties']).toMatchObject({
    id: { type: 'string', description: '"ev-<offset in tern.control>".' },
    time: { type: 'string', format: 'date-time' },
  })
})

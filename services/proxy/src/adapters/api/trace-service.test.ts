import { control, traceQuery, traces } from '@tern/proto'
import { applyRoutes, emptyRouteTable, type RouteTable } from '@tern/routing'
import { type RpcServer, rpcError, startServer, unaryHandler } from '@tern/rpc'
import { expect, onTestFinished, test } from 'vitest'
import { TraceServices } from '../traces/trace-services.ts'
import { outcomeOf, served } from './served.fixture.ts'

const known = '4bf92f3577b34da6a3ce929d0e0e4736'
const traceOf = (messageId: string): traces.Trace =>
  traces.Trace.fromPartial({
    traceId: known,
    messageId,
    startUnixNano: '1700000000000000001',
    spans: [{ name: 'publish' }],
  })

/** A trace service that knows of the first ten messages of queue 0. */
function traceServer(): Promise<RpcServer> {
  const implementation: traceQuery.QueryServiceServer = {
    getMessageTrace: unaryHandler(({ queue, position }) => {
      if (queue !== 0 || position >= 10) throw rpcError('NOT_FOUND', 'nothing')
      return { trace: traceOf(`${queue}-${position}`) }
    }),
    getTrace: unaryHandler(({ traceId }) => {
      if (traceId !== known) throw rpcError('NOT_FOUND', 'nothing')
      return { trace: traceOf('0-1') }
    }),
    searchTraces: unaryHandler(({ query, limit }) => {
      if (query === '{') throw rpcError('INVALID_ARGUMENT', 'it ends too early')
      return { traces: [traces.TraceSummary.fromPartial({ traceId: known, topic: `${query} ${limit}` })], inspected: 3 }
    }),
    listDeliveries: unaryHandler(() => ({ deliveries: [], spans: [], incomplete: false })),
  }
  return startServer('127.0.0.1:0', [{ definition: traceQuery.QueryServiceService, implementation }])
}

function servicesAt(addresses: string[]) {
  const listeners: ((table: RouteTable) => void)[] = []
  const tableOf = (list: readonly string[]) => {
    const members = list.map((address, incarnation) => ({
      ...{ incarnation, address, kind: control.MemberKind.TRACE, zone: `az-${incarnation}`, nonce: '' },
      ...{ draining: false, detail: undefined },
    }))
    return applyRoutes(emptyRouteTable, { snapshot: true, revision: 1, queues: 3, routes: [], members, died: [] })
  }
  const table = tableOf(addresses)
  const routes = {
    table: () => table,
    onChange: (on: (table: RouteTable) => void) => void listeners.push(on),
    onDied() {},
    stop() {},
  }
  const services = new TraceServices(routes, 'az-0')
  onTestFinished(() => services.stop())
  return services
}

async function world(addresses?: string[]) {
  const server = await traceServer()
  onTestFinished(() => server.stop())
  return served(onTestFinished, 3, servicesAt(addresses ?? [server.address]))
}

test('a trace comes with its message, by its id or by the message', async () => {
  const { tracing, owners } = await world()
  const queue = owners.logs.findIndex((log) => log.length > 1)
  const answer = await tracing.getMessageTrace({ messageId: `0-0` })
  expect(answer.trace?.startUnixNano).toBe('1700000000000000001')
  if (queue === 0) expect(answer.message?.topic).toMatch(/^t\//)
  expect((await tracing.getTrace({ traceId: known })).trace?.messageId).toBe('0-1')
})

test('fewer digits of a trace id mean zeros in front; what is none is said so', async () => {
  const { tracing } = await world()
  expect(await outcomeOf(tracing.getTrace({ traceId: 'abc' }))).toBe('NOT_FOUND TRACE_NOT_FOUND')
  for (const traceId of ['', '0', 'xyz', '1'.repeat(33)]) {
    expect(await outcomeOf(tracing.getTrace({ traceId }))).toBe('INVALID_ARGUMENT TRACE_ID_INVALID')
  }
})

test('what nobody knows is not found, with the reason that the message has', async () => {
  const { tracing } = await world()
  expect(await outcomeOf(tracing.getMessageTrace({ messageId: '0-4000' }))).toBe('NOT_FOUND NEVER_STORED')
  expect(await outcomeOf(tracing.getMessageTrace({ messageId: 'nonsense' }))).toBe(
    'INVALID_ARGUMENT MESSAGE_ID_INVALID',
  )
})

test('a search says what is wrong with its query or its limit', async () => {
  const { tracing } = await world()
  const search = (query: string, limit = 0) =>
    tracing.searchTraces({ query, limit, startTime: undefined, endTime: undefined })
  expect(await search('{}', 7)).toMatchObject({ traces: [{ topic: '{} 7' }], inspected: 3 })
  expect(await outcomeOf(search('{'))).toBe('INVALID_ARGUMENT TRACE_QUERY_INVALID')
  expect(await outcomeOf(search('{}', 201))).toBe('INVALID_ARGUMENT TRACE_LIMIT_INVALID')
})

test('a trace service that does not answer is passed over for one that does; without any it is said so', async () => {
  const server = await traceServer()
  onTestFinished(() => server.stop())
  const dead = '127.0.0.1:1'
  const { tracing } = await world([dead, server.address])
  expect((await tracing.getTrace({ traceId: known })).trace?.traceId).toBe(known)
  for (const none of [[], [dead]]) {
    const { tracing: alone } = await world(none)
    expect(await outcomeOf(alone.getTrace({ traceId: known }))).toBe('UNAVAILABLE TRACE_SERVICE_DOWN')
  }
})

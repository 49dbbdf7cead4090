import { control, inspect } from '@tern/proto'
import { applyRoutes, emptyRouteTable, type RouteWatcher } from '@tern/routing'
import { startServer, unaryHandler } from '@tern/rpc'
import { systemClock } from '@tern/runtime'
import { expect, onTestFinished, test } from 'vitest'
import { Members } from './members.ts'

const { InspectServiceService: definition } = inspect

/** A region of three queues and two brokers, whose homes are what the test says at each question. */
async function begin(homesOf: (broker: number, question: number) => readonly number[] | undefined) {
  const members = await Promise.all(
    [1, 2].map(async (incarnation) => {
      let questions = 0
      const listSessions = unaryHandler<inspect.ListSessionsRequest, inspect.ListSessionsResponse>(() => {
        const homes = homesOf(incarnation, questions++)
        if (homes === undefined) throw new Error('is ill')
        return inspect.ListSessionsResponse.fromPartial({ homes: [...homes] })
      })
      const server = await startServer('127.0.0.1:0', [{ definition, implementation: { listSessions } as never }])
      onTestFinished(() => server.stop())
      const { address } = server
      const kind = control.MemberKind.BROKER
      return {
        incarnation,
        kind,
        zone: `az-${'xab'[incarnation]}`,
        address,
        nonce: address,
        draining: false,
        detail: undefined,
      }
    }),
  )
  const routes = [0, 1, 2].map((queue) => ({ queue, epoch: 1, broker: queue < 2 ? 1 : 2 }))
  const table = applyRoutes(emptyRouteTable, { snapshot: true, revision: 1, queues: 3, routes, members, died: [] })
  const watcher: RouteWatcher = { table: () => table, onChange() {}, onDied() {}, stop() {} }
  const made = new Members({ routes: watcher, clock: systemClock })
  onTestFinished(() => made.stop())
  const request = inspect.ListSessionsRequest.fromPartial({})
  return made.gatherHomes(definition.listSessions, request, ({ homes }) => homes)
}

test('while a queue moves nobody speaks for it, so homes are asked again until somebody does', async () => {
  const { answered, unreachable } = await begin((broker, question) => (broker === 1 ? [0, 1] : question < 2 ? [] : [2]))
  expect(unreachable).toEqual([])
  expect(answered.flatMap(({ answer }) => answer.homes).sort()).toEqual([0, 1, 2])
})

test('a queue that nobody speaks for is named in the end', async () => {
  expect((await begin((broker) => (broker === 1 ? [0, 1] : []))).unreachable).toEqual(['queue-2'])
})

test('a broker without an answer is named, and its queues are not named again', async () => {
  expect((await begin((broker) => (broker === 1 ? undefined : [2]))).unreachable).toEqual(['broker-a'])
})

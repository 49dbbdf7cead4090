import { nameserver } from '@tern/proto'
import { expect, test } from 'vitest'
import { applyRoutes, emptyRouteTable } from './route-table.ts'
import { member } from './testing/member.ts'

const update = (content: Partial<nameserver.WatchRoutesResponse>) =>
  nameserver.WatchRoutesResponse.fromPartial({ queues: 2, ...content })

const table = applyRoutes(
  emptyRouteTable,
  update({
    snapshot: true,
    revision: 10,
    routes: [
      { queue: 0, epoch: 4, broker: 2 },
      { queue: 1, epoch: 5, broker: 3 },
    ],
    members: [member(2), member(3)],
  }),
)

test('an empty table knows nobody', () => {
  expect(emptyRouteTable).toMatchObject({ queues: 0, revision: -1 })
  expect(emptyRouteTable.ownerOf(0)).toBeUndefined()
  expect(emptyRouteTable.members()).toEqual([])
})

test('an owner is told with its epoch and address', () => {
  expect(table.ownerOf(1)).toEqual({ epoch: 5, broker: 3, address: 'broker-3:1' })
  expect(table.ownerOf(2)).toBeUndefined()
})

test('a change alters what it names and keeps the rest, and the table before it stays as it was', () => {
  const next = applyRoutes(table, update({ revision: 12, routes: [{ queue: 0, epoch: 12, broker: 3 }] }))
  expect(next.ownerOf(0)).toEqual({ epoch: 12, broker: 3, address: 'broker-3:1' })
  expect(next.ownerOf(1)).toEqual(table.ownerOf(1))
  expect(table.ownerOf(0)?.epoch).toBe(4)
})

test('the queue of a dead broker has no owner until it is assigned again', () => {
  const next = applyRoutes(table, update({ revision: 11, died: [2] }))
  expect(next.ownerOf(0)).toBeUndefined()
  expect(next.member(2)).toBeUndefined()
})

test('what a nameserver that is behind says changes nothing', () => {
  expect(applyRoutes(table, update({ snapshot: true, revision: 9 }))).toBe(table)
})

test('a snapshot replaces everything', () => {
  const next = applyRoutes(table, update({ snapshot: true, revision: 20, members: [member(7)] }))
  expect(next.members().map(({ incarnation }) => incarnation)).toEqual([7])
  expect(next.ownerOf(0)).toBeUndefined()
})

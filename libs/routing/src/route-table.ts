import type { nameserver } from '@tern/proto'

export type Owner = Readonly<{ epoch: number; broker: number; address: string }>

/** Who owns which queue, as of a revision (an offset of tern.control). Replaced, never changed. */
export type RouteTable = Readonly<{
  revision: number
  /** 0 until the region is provisioned. */
  queues: number
  ownerOf(queue: number): Owner | undefined
  members(): readonly nameserver.Member[]
  member(incarnation: number): nameserver.Member | undefined
}>

type Content = Readonly<{
  revision: number
  queues: number
  routes: ReadonlyMap<number, nameserver.Route>
  members: ReadonlyMap<number, nameserver.Member>
}>

const contents = new WeakMap<RouteTable, Content>()

export const emptyRouteTable: RouteTable = tableOf({ revision: -1, queues: 0, routes: new Map(), members: new Map() })

/** The table after a message of WatchRoutes. A message older than the table changes nothing: nameservers may lag one another. */
export function applyRoutes(table: RouteTable, update: nameserver.WatchRoutesResponse): RouteTable {
  const before = contents.get(table)
  if (before === undefined || update.revision < before.revision) return table
  const routes = new Map(update.snapshot ? [] : before.routes)
  const members = new Map(update.snapshot ? [] : before.members)
  for (const route of update.routes) routes.set(route.queue, route)
  for (const member of update.members) members.set(member.incarnation, member)
  for (const incarnation of update.died) members.delete(incarnation)
  return tableOf({ revision: update.revision, queues: update.queues, routes, members })
}

function tableOf(content: Content): RouteTable {
  const { routes, members } = content
  const table: RouteTable = {
    revision: content.revision,
    queues: content.queues,
    ownerOf(queue) {
      const route = routes.get(queue)
      const member = route && members.get(route.broker)
      return route && member ? { epoch: route.epoch, broker: route.broker, address: member.address } : undefined
    },
    members: () => [...members.values()],
    member: (incarnation) => members.get(incarnation),
  }
  contents.set(table, content)
  return table
}

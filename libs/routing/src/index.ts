export { createMembership, type Membership, type MembershipOptions } from './membership.ts'
export { partitionOf } from './partitioner.ts'
export { applyRoutes, emptyRouteTable, type Owner, type RouteTable } from './route-table.ts'
export { createRouteWatcher, type RouteWatcher, type WatchRoutes } from './route-watcher.ts'

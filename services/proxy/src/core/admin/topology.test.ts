import { expect, test } from 'vitest'
import type { SeenGroup } from './groups.ts'
import { type Seen, topologyOf } from './topology.ts'

const now = 1_000_000

const group = (name: string, behindMs: number | undefined): SeenGroup => ({
  ...{ sharedFilter: `$share/${name}/t`, name, topicFilter: 't', members: [], queues: [], unsettled: 0 },
  ...{ backlogMessages: 7, oldestMs: behindMs === undefined ? 0 : now - behindMs, emptySinceMs: undefined },
})

const seen = (groups: readonly SeenGroup[]): Seen => ({
  ...{ now, revision: 1, queues: 0, ownerOf: () => undefined, living: [], nameservers: [], groups, unreachable: [] },
  ...{ brokers: new Map(), proxies: new Map() },
})

test('groups that are behind for a minute want attention, the longest first, some of them by name', () => {
  const groups = [group('now', undefined), group('soon', 60_000), group('a', 61_000), group('b', 90_000)]
  expect(topologyOf(seen(groups)).attention).toEqual([
    {
      kind: 'group-behind',
      text: 'groups are behind: $share/b/t for 90 s (7 records), $share/a/t for 61 s (7 records)',
      link: '/groups',
    },
  ])
  const many = Array.from({ length: 5 }, (_, i) => group(`${i}`, 70_000 + i))
  expect(topologyOf(seen(many)).attention[0]?.text).toContain('(7 records), and 2 more')
  expect(topologyOf(seen(groups.slice(0, 2))).attention).toEqual([])
})

import { inspect, proxy } from '@tern/proto'
import { expect, test } from 'vitest'
import { mergeGroups } from './groups.ts'

const part = (queue: number, more: Partial<inspect.GroupPart> = {}) =>
  inspect.GroupPart.fromPartial({ sharedFilter: '$share/g/a/+', queue, position: 5, end: 8, ...more })

test('a group is the sum of its queues, with the members of all proxies', () => {
  const member = proxy.GroupMember.fromPartial({ sharedFilter: '$share/g/a/+', clientId: 'c' })
  const [group] = mergeGroups(
    [part(1, { oldestMs: 70, unsettled: 2 }), part(0, { oldestMs: 50 })],
    [{ member, proxy: 'proxy-a', zone: 'az-a' }],
  )
  expect(group).toMatchObject({ name: 'g', topicFilter: 'a/+', backlogMessages: 6, oldestMs: 50, unsettled: 2 })
  expect(group?.queues.map(({ queue }) => queue)).toEqual([0, 1])
  expect(group?.members).toHaveLength(1)
})

test('a group is empty since its last queue came to be', () => {
  expect(mergeGroups([part(0, { emptySinceMs: 3 }), part(1)], [])[0]?.emptySinceMs).toBeUndefined()
  expect(mergeGroups([part(0, { emptySinceMs: 3 }), part(1, { emptySinceMs: 9 })], [])[0]?.emptySinceMs).toBe(9)
})

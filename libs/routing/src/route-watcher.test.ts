import { nameserver } from '@tern/proto'
import { manualClock } from '@tern/runtime/testing'
import { expect, test } from 'vitest'
import { createRouteWatcher, deathsMax, type WatchRoutes } from './route-watcher.ts'
import { member } from './testing/member.ts'

function watching() {
  const clock = manualClock()
  const dialled: string[] = []
  let listener: Parameters<WatchRoutes>[1] | undefined
  const watch: WatchRoutes = (address, next) => {
    dialled.push(address)
    listener = next
    return {
      end: () => {
        if (listener === next) listener = undefined
      },
    }
  }
  const watcher = createRouteWatcher({ addresses: ['a:1', 'b:1'], clock, watch })
  const revisions: number[] = []
  const died: number[] = []
  watcher.onChange(({ revision }) => revisions.push(revision))
  watcher.onDied((incarnation) => died.push(incarnation))
  const say = (update: Partial<nameserver.WatchRoutesResponse>) =>
    listener?.message(nameserver.WatchRoutesResponse.fromPartial({ queues: 1, ...update }))
  return { clock, watcher, dialled, revisions, died, say, lose: () => listener?.over('lost') }
}

test('the table is what the nameserver says, and changes are told once', () => {
  const { watcher, revisions, say } = watching()
  say({ snapshot: true, revision: 5, members: [member(2)], routes: [{ queue: 0, epoch: 4, broker: 2 }] })
  say({ revision: 5 })
  say({ revision: 6 })
  expect(revisions).toEqual([5, 6])
  expect(watcher.table().ownerOf(0)?.broker).toBe(2)
})

test('when a nameserver is lost the next one is asked, and the last table stays', () => {
  const { clock, watcher, dialled, say, lose } = watching()
  say({ snapshot: true, revision: 5, members: [member(2)] })
  lose()
  clock.pass(100)
  lose()
  clock.pass(100)
  expect(dialled).toEqual(['a:1', 'b:1', 'a:1'])
  expect(watcher.table().revision).toBe(5)
})

test('a nameserver that says nothing for 1.5 s is left for the next', () => {
  const { clock, dialled, say } = watching()
  clock.pass(1_400)
  say({ snapshot: true, revision: 5 })
  clock.pass(1_499)
  expect(dialled).toEqual(['a:1'])
  clock.pass(101)
  expect(dialled).toEqual(['a:1', 'b:1'])
})

test('each death is told once, whoever tells it', () => {
  const { clock, died, say, lose } = watching()
  say({ snapshot: true, revision: 5, members: [member(2), member(3)], died: [1] })
  say({ revision: 6, died: [2] })
  lose()
  clock.pass(100)
  say({ snapshot: true, revision: 6, members: [member(3)], died: [1, 2] })
  expect(died).toEqual([1, 2])
})

test('a member that a later snapshot no longer knows has died, though its death is forgotten', () => {
  const { died, say } = watching()
  say({ snapshot: true, revision: 5, members: [member(2), member(3)] })
  say({ snapshot: true, revision: 4, members: [] })
  say({ snapshot: true, revision: 9_000, members: [member(3)], died: [] })
  expect(died).toEqual([2])
})

test('deaths are remembered up to a limit', () => {
  const { died, say } = watching()
  const many = Array.from({ length: deathsMax + 1 }, (_, at) => at)
  say({ revision: 5, died: many })
  say({ revision: 5, died: many.slice(1) })
  expect(died).toHaveLength(deathsMax + 1)
})

test('who stopped asks nobody', () => {
  const { clock, watcher, dialled } = watching()
  watcher.stop()
  clock.pass(10_000)
  expect(dialled).toEqual(['a:1'])
})

import type { nameserver } from '@tern/proto'
import type { Clock } from '@tern/runtime'
import type { ControlState } from '../core/control-state.ts'

/** Watchers that hear nothing for 1.5 s go elsewhere. */
const sameAgainInterval = 500

export type Watcher = Readonly<{ send(update: nameserver.WatchRoutesResponse): void }>

export type WatchHub = Readonly<{
  add(watcher: Watcher): void
  remove(watcher: Watcher): void
  watchers(): number
  changed(state: ControlState): void
  stop(): void
}>

/**
 * Tells every watcher the snapshot, then what changes. Says nothing while it may be behind the log: then they go to another
 * nameserver, which may know more.
 */
export function createWatchHub(clock: Clock, initial: ControlState, isBehind: () => boolean): WatchHub {
  const watchers = new Set<Watcher>()
  let known = initial
  let stopped = false

  const broadcast = (update: nameserver.WatchRoutesResponse) => {
    for (const watcher of watchers) watcher.send(update)
  }
  const again = () => {
    if (stopped) return
    if (!isBehind()) broadcast(changesOf(known, known))
    clock.after(sameAgainInterval, again)
  }
  clock.after(sameAgainInterval, again)

  return {
    watchers: () => watchers.size,
    add(watcher) {
      watchers.add(watcher)
      watcher.send(snapshotOf(known))
    },
    remove: (watcher) => void watchers.delete(watcher),
    changed(state) {
      const before = known
      known = state
      if (state !== before) broadcast(changesOf(before, state))
    },
    stop() {
      stopped = true
      watchers.clear()
    },
  }
}

export const snapshotOf = (state: ControlState): nameserver.WatchRoutesResponse => ({
  snapshot: true,
  revision: Math.max(0, state.through),
  queues: state.queues,
  routes: [...state.routes.values()],
  members: [...state.members.values()],
  died: [...state.dead],
})

/** Entries are replaced, never changed, so identity tells what is new. */
export const changesOf = (before: ControlState, after: ControlState): nameserver.WatchRoutesResponse => ({
  snapshot: false,
  revision: Math.max(0, after.through),
  queues: after.queues,
  routes:
    before.routes === after.routes ? [] : [...after.routes.values()].filter((r) => before.routes.get(r.queue) !== r),
  members:
    before.members === after.members
      ? []
      : [...after.members.values()].filter((m) => before.members.get(m.incarnation) !== m),
  died: before.dead === after.dead ? [] : [...after.dead].filter((incarnation) => !before.dead.has(incarnation)),
})

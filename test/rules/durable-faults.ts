import type { Fault } from './faults.ts'

export const durableFaults: readonly Fault[] = [
  {
    rule: 'durable',
    without: 'what was written is synced before it is answered',
    file: 'libs/log/src/embedded/journal.ts',
    find: 'this.sync(segment.fd)\n    this.at += end',
    replace: 'this.at += end',
    tests: 'libs/log/src/embedded/durable.test.ts',
    noticedBy: 'no append is answered before a sync has put its record on the disk',
  },
  {
    rule: 'durable',
    without: 'a commit comes before its answers',
    file: 'libs/log/src/embedded/store.ts',
    find: 'const places = frames.length === 0 ? [] : this.journal.commit(frames)',
    replace:
      'const places = frames.map(() => ({ segment: 1, at: 0 }))\n      setImmediate(() => this.journal.commit(frames))',
    tests: 'libs/log/src/embedded/durable.test.ts',
    noticedBy: 'no append is answered before a sync has put its record on the disk',
  },
]

import type { Fault } from './faults.ts'

const proxy = 'services/proxy/src'
/** Whole regions on virtual time, whose clients of the API notice. */
const seeds = { tests: 'test/simulation/streams.test.ts', noticedBy: 'producers and subscribers of the API' }

/** What streams of the API are promised, as the simulator's clients see it. */
export const streamFaults: readonly Fault[] = [
  {
    rule: 'stream',
    without: 'what a subscriber has not acknowledged is in flight',
    file: `${proxy}/adapters/api/subscribe/stream-connection.ts`,
    find: 'if (this.plan.isAutomatic) this.ack(',
    replace: 'this.ack(',
    ...seeds,
  },
  {
    rule: 'stream',
    without: 'what a member of a group gives back goes to another one',
    file: `${proxy}/core/delivery/carried.ts`,
    find: '    entry.lease?.ended()\n    this.delivery.roomAgain()',
    replace: '    this.delivery.roomAgain()',
    ...seeds,
  },
  {
    rule: 'stream',
    without: 'the sequence of a producer makes its repetition void',
    file: 'services/broker/src/core/queue/queue-state.ts',
    find: 'return publisher !== undefined && this.publishers.isRepetition(publisher)',
    replace: 'return false',
    ...seeds,
  },
]

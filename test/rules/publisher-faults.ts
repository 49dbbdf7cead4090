import type { Fault } from './faults.ts'

const queue = 'services/broker/src/core/queue'

/** Rule 8. */
export const publisherFaults: readonly Fault[] = [
  {
    rule: '8',
    without: 'what its publisher wrote before is void',
    file: `${queue}/queue-state.ts`,
    find: 'return publisher !== undefined && this.publishers.isRepetition(publisher)',
    replace: 'return false',
    tests: `${queue}/publishers.test.ts`,
    noticedBy: 'what a publisher wrote before is void',
  },
  {
    rule: '8',
    without: 'what stands twice in a batch is written once',
    file: `${queue}/append-queue.ts`,
    find: 'return publisher !== undefined && isNotAbove(',
    replace: 'return publisher === null && isNotAbove(',
    tests: `${queue}/append-queue.test.ts`,
    noticedBy: 'what a publisher wrote twice',
  },
  {
    rule: '8',
    without: 'a snapshot keeps publishers',
    file: `${queue}/snapshot.ts`,
    find: 'queue.publishers.restore(part.publishers)',
    replace: '',
    tests: `${queue}/publishers.test.ts`,
    noticedBy: 'a snapshot keeps publishers',
  },
  {
    rule: '8',
    without: 'a publisher is known for an hour',
    file: `${queue}/publishers.ts`,
    find: 'this.old = this.young\n',
    replace: 'this.old = new Map()\n',
    tests: `${queue}/publishers.test.ts`,
    noticedBy: 'a publisher is known for an hour',
  },
]

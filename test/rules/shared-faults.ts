import type { Fault } from './faults.ts'

const broker = 'services/broker/src'
const proxy = 'services/proxy/src'
const group = { file: `${broker}/core/group/shared-group.ts`, tests: `${broker}/core/group/shared-group.test.ts` }
const takes = {
  file: `${broker}/adapters/queue/group-takes.ts`,
  tests: `${broker}/adapters/queue/group-takes.test.ts`,
}
const exchanges = `${proxy}/core/shared/shared-exchanges.test.ts`

/** Shared subscriptions (D10), and their part of D8. */
export const sharedFaults: readonly Fault[] = [
  {
    rule: 'D10',
    without: 'a record is handed over against credit only',
    ...group,
    find: 'boolean => held < credit',
    replace: 'boolean => held <= credit',
    noticedBy: 'records go to the proxies in turn, and to none beyond its credit',
  },
  {
    rule: 'D10',
    without: 'a new owner waits for leases to be announced',
    ...group,
    find: 'nowMs < this.leaseFrom || this.taken.isFull',
    replace: 'this.taken.isFull',
    noticedBy: 'after a takeover nothing is leased before proxies could say what they hold',
  },
  {
    rule: 'D10',
    without: 'QoS 2 through a group is taken before PUBLISH leaves',
    file: `${proxy}/core/delivery/delivery.ts`,
    find: 'if (qos === 2 && lease !== undefined) {',
    replace: 'if (qos > 2 && lease !== undefined) {',
    tests: exchanges,
    noticedBy: 'a QoS 2 record of a group is taken, then journalled, and then sent',
  },
  {
    rule: 'D10',
    without: '"taken" is durable before it is answered',
    ...takes,
    find: 'await durable\n',
    replace: '',
    noticedBy: '"taken" is durable before it is answered',
  },
  {
    rule: 'D10',
    without: 'a taken record is leased to nobody else',
    ...group,
    find: 'this.taken.has(position) || this.settledAbove',
    replace: 'this.settledAbove',
    noticedBy: 'a record is taken by one session, for good',
  },
  {
    rule: 'D10',
    without: 'a lower connection of the client takes nothing',
    ...takes,
    find: 'compareNumbers(connection, newest) < 0',
    replace: 'connection.epoch < 0',
    noticedBy: 'a lower connection takes nothing once a higher one has asked',
  },
  {
    rule: 'D10',
    without: 'what is done is known until a saved progress speaks for it',
    file: `${broker}/core/group/taken-records.ts`,
    find: 'done && isSettled(position) ? position',
    replace: 'done ? position',
    tests: `${broker}/core/group/taken-records.test.ts`,
    noticedBy: 'what is done is kept until the progress speaks for it',
  },
  {
    rule: 'D8',
    without: 'the journal of a group forgets when its owner has written the end',
    file: `${proxy}/core/shared/taken-record.ts`,
    find: "if (this.phase === 'over') then()\n    else this.waiting.push(then)",
    replace: 'then()',
    tests: exchanges,
    noticedBy: 'the owner is told when PUBREC is durable, and the journal forgets',
  },
  {
    rule: 'D10',
    without: 'an offline session keeps its group',
    file: `${broker}/adapters/queue/group-ends.ts`,
    find: 'if (held || ',
    replace: 'if (',
    tests: `${broker}/adapters/queue/group-ends.test.ts`,
    noticedBy: 'a group nobody is connected for waits',
  },
  {
    rule: 'D10',
    without: 'what a session that is no more had taken is ended',
    file: `${broker}/adapters/queue/group-ends.ts`,
    find: 'this.finish(asked.filter(({ clientId, session }) => !names.has(nameOf(clientId, session))))',
    replace: 'this.finish([])',
    tests: `${broker}/adapters/queue/group-ends.test.ts`,
    noticedBy: 'what a session that is no more had taken is ended',
  },
]

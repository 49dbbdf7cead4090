import type { Fault } from './faults.ts'

const broker = 'services/broker/src'
const queueState = { file: `${broker}/core/queue/queue-state.ts`, tests: `${broker}/core/queue/queue-state.test.ts` }
const core = { file: `${broker}/core/queue/forgetting.ts`, tests: `${broker}/core/queue/forgetting.test.ts` }
const forgetter = {
  file: `${broker}/adapters/forgetting/forgetter.ts`,
  tests: `${broker}/adapters/forgetting/forgetter.test.ts`,
}

/** What the owner of a queue forgets (rules 3 and 4), and what makes up for it (rule 1). */
export const forgettingFaults: readonly Fault[] = [
  {
    rule: '1',
    without: 'a will that is not above the newest of its client is void',
    ...queueState,
    find: 'return newest !== undefined && !isLower(newest.connection, record.connection)',
    replace: 'return false',
    noticedBy: 'of the wills of a client the newest is known',
  },
  {
    rule: '1',
    without: 'an incarnation that a settlement does not know has ended',
    ...queueState,
    find: "return typeof producer === 'number' && producer > 0 && producer <= this.settledThrough",
    replace: 'return false',
    noticedBy: 'after a settled marker an incarnation that the queue does not know has ended',
  },
  {
    rule: '3',
    without: 'an open exchange is kept while its session exists',
    ...core,
    find: '!kept.sessions.has(sessionOf(clientId, key.session))',
    replace: 'key !== undefined && clientId !== undefined',
    noticedBy: 'an open exchange of a session that exists is kept, though nobody has the client (rule 3)',
  },
  {
    rule: '3',
    without: 'homes are asked which sessions exist',
    ...forgetter,
    find: 'this.options.askHomes.sessionsExist([...sessions.values()])',
    replace: '[] as question.SessionKey[]',
    noticedBy: 'an open exchange is kept for an offline session that lasts',
  },
  {
    rule: '4',
    without: 'what a live proxy has is kept',
    ...core,
    find: '=> !kept.clients.has(clientId)\n',
    replace: "=> clientId !== ''\n",
    noticedBy: 'a client that some proxy has keeps its connection number and its open exchanges (rule 4)',
  },
  {
    rule: '4',
    without: 'every live proxy is asked',
    ...forgetter,
    find: 'table.members().filter(({ kind }) => kind === control.MemberKind.PROXY)',
    replace: 'table.members().slice(0, 0)',
    noticedBy: 'nothing is forgotten while a live proxy has something of the client',
  },
  {
    rule: '4',
    without: 'who is asked is said by a table that does not lag',
    ...forgetter,
    find: 'range === undefined || table.revision < range.end - 1',
    replace: 'range === undefined',
    noticedBy: 'a route table that lags behind the log',
  },
  {
    rule: '4',
    without: 'a client that is seen again is kept',
    ...core,
    find: 'known !== undefined && !isLower(asked, known)',
    replace: 'known !== asked || known === asked',
    noticedBy: 'what changed since the question is kept',
  },
  {
    rule: '4',
    without: 'what is answered is settled in the log before anything is forgotten',
    ...core,
    find: 'markers.push({ producer, sequence })',
    replace: 'continue',
    tests: forgetter.tests,
    noticedBy: 'what an earlier owner still writes of a client that was forgotten is void (rule 4)',
  },
  {
    rule: '4',
    without: 'a will is known for as long as its home stores it',
    ...core,
    find: '=> !kept.wills.has(clientId)',
    replace: "=> clientId !== ''",
    noticedBy: 'a will is known for as long as its record is there and its home stores it',
  },
]

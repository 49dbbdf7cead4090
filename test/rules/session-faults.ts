import type { Fault } from './faults.ts'

const home = 'services/broker/src/core/home'
const proxy = 'services/proxy/src'
/** Whole regions on virtual time, whose clients notice. */
const seeds = { tests: 'test/simulation/odd-seeds.test.ts', noticedBy: 'the odd ones of' }

/** What each kind of session is promised, as the simulator's clients see it: each kind is there to find such a fault. */
export const sessionFaults: readonly Fault[] = [
  {
    rule: 'clean session',
    without: 'it ends with its connection',
    file: `${proxy}/core/connection/connect.ts`,
    find: 'cleanStart: packet.cleanStart,\n    // Before version 5 a session either ends with its connection or never.\n    expirySeconds: version === 5 ? (properties.sessionExpiryInterval ?? 0) : packet.cleanStart ? 0 : neverExpires,',
    replace:
      'cleanStart: version === 5 && packet.cleanStart,\n    // Before version 5 a session either ends with its connection or never.\n    expirySeconds: version === 5 ? (properties.sessionExpiryInterval ?? 0) : neverExpires,',
    ...seeds,
  },
  {
    rule: 'clean start',
    without: 'it ends the session that is there',
    file: `${home}/session.ts`,
    find: 'mayResume(session, now) && !request.cleanStart',
    replace: 'mayResume(session, now)',
    ...seeds,
  },
  {
    rule: 'lasting session',
    without: 'its subscriptions last',
    file: `${home}/session.ts`,
    find: 'subscriptions: resumed?.subscriptions ?? []',
    replace: 'subscriptions: []',
    ...seeds,
  },
  {
    rule: 'changing session',
    without: 'its home forgets what it unsubscribed',
    file: `${home}/decide.ts`,
    find: 'withoutSubscriptions(session.subscriptions, command.request.filters)',
    replace: 'session.subscriptions',
    ...seeds,
  },
  {
    rule: 'expiring session',
    without: 'it ends by time',
    file: `${home}/expiry.ts`,
    find: 'endsAt !== undefined && endsAt <= now',
    replace: 'endsAt !== undefined && endsAt + 60_000 <= now',
    ...seeds,
  },
  {
    rule: 'hopping session',
    without: 'a takeover publishes the will of the connection before',
    file: `${home}/will.ts`,
    find: 'sessionGoesOn && dueAtMs > now',
    replace: 'sessionGoesOn && dueAtMs >= now',
    ...seeds,
  },
  {
    rule: 'D9',
    without: 'a will of the connection before is on the log before the next one is opened',
    file: `${home}/session.ts`,
    find: 'return { events: [...overtake(client), ...events], effects }\n  }\n  if (session === undefined',
    replace:
      'const next = open(client, command, goesOn ? session : undefined)\n    const fires = effects.map((each) => ({ ...each, again: false }))\n    return { events: [...overtake(client), ...next.events], effects: [...fires, ...next.effects] as ClientEffect[] }\n  }\n  if (session === undefined',
    tests: 'test/simulation/wills.test.ts',
    noticedBy: 'a will at QoS 2 stands between',
  },
  {
    rule: '2',
    without: 'what a connection writes after its will is void',
    file: 'services/broker/src/core/queue/queue-state.ts',
    find: 'return !isLower(will.connection, record.connection)',
    replace: 'return false',
    tests: 'services/broker/src/core/queue/queue-state.test.ts',
    noticedBy: 'what a connection writes after its will is void',
  },
  {
    rule: 'D9',
    without: 'a lost connection is reported when all that it published is answered',
    file: `${proxy}/adapters/connection/publishing.ts`,
    find: 'if (this.appending === 0) then()',
    replace: 'then()',
    tests: `${proxy}/adapters/connection/client-connection.test.ts`,
    noticedBy: 'a connection with a will is reported lost once all that it published is answered',
  },
  {
    rule: 'D8',
    without: 'one write of exchanges at a time',
    file: `${proxy}/core/delivery/outbound-journal.ts`,
    find: '    this.isWriting = true\n',
    replace: '',
    tests: `${proxy}/core/delivery/outbound-journal.test.ts`,
    noticedBy: 'one write at a time: what came meanwhile shares the next',
  },
  {
    rule: 'D9',
    without: 'a session that goes on waits for where its old connection left it',
    file: `${home}/session.ts`,
    find: '(live || goesOn)',
    replace: 'live',
    tests: `${home}/session.test.ts`,
    noticedBy: 'a session that goes on waits for where the old connection left it',
  },
  {
    rule: 'D8',
    without: 'an exchange is behind the cursor before the journal may forget it',
    file: `${proxy}/core/delivery/acknowledgements.ts`,
    find: 'this.delivery.pass(entry)\n    this.journal.end(entry)\n',
    replace: 'this.journal.end(entry)\n    this.delivery.pass(entry)\n',
    tests: `${proxy}/core/delivery/outbound-journal.test.ts`,
    noticedBy: 'a checkpoint that the end of an exchange asks for has that exchange in its cursor',
  },
  {
    rule: 'D8',
    without: 'a packet id that went to a message of QoS 1 names that message',
    file: `${proxy}/core/delivery/delivery.ts`,
    find: '.filter((each) => !this.isStale(each, inFlight))',
    replace: '',
    tests: `${proxy}/core/delivery/outbound-journal.test.ts`,
    noticedBy: 'a packet id that went to a message of QoS 1 while the home still had an exchange that was over',
  },
  {
    rule: 'group member',
    without: 'what it has not acknowledged goes to another one when it leaves',
    file: `${proxy}/core/shared/group-hub.ts`,
    find: "ended: () => this.region.returnLease(queue, name, position, 'returned')",
    replace: 'ended() {}',
    ...seeds,
  },
  {
    rule: '6',
    without: 'a retained message ends by its expiry',
    file: `${proxy}/core/delivery/outgoing.ts`,
    find: 'left < -expiryToleranceMs ? -1',
    replace: 'left < -600_000 ? -1',
    ...seeds,
  },
]

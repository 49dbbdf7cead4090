import { state } from '@tern/proto'
import { expect, test } from 'vitest'
import type { KnownClient, KnownDelivery, WhyFacts } from './facts.ts'
import { why } from './why.ts'

const nowMs = Date.parse('2026-01-01T12:00:00Z')
const minute = 60_000

const client: KnownClient = {
  ...{ connected: true, offlineSinceMs: undefined, takenBelow: 50, settled: false, inFlightSinceMs: undefined },
  ...{ inFlight: 0, receiveMaximum: 10, subscriptions: [{ filter: 'a/+', noLocal: false, start: 7 }] },
}

const facts: WhyFacts = {
  ...{ messageId: '3-100', clientId: 'c', position: 100, nowMs, verdict: 'message', ledger: 'whole' },
  message: { topic: 'a/b', publisherClientId: 'p', qos: 1, storedMs: nowMs - 10 * minute, expiresAtMs: undefined },
  client,
  deliveries: [],
}

const told = (fields: Partial<KnownDelivery>): KnownDelivery => ({
  ...{ clientId: 'c', filter: 'a/+', outcome: 'acked', qos: 1, attempt: 1, reasonCode: 0, reason: '' },
  ...{ startMs: nowMs - 2 * minute, endMs: nowMs - minute },
  ...fields,
})

const session = (fields: Partial<KnownClient>): Partial<WhyFacts> => ({ client: { ...client, ...fields } })
const ledger = (fields: Partial<KnownDelivery>): Partial<WhyFacts> => ({ deliveries: [told(fields)] })
const subscribed = (filter: string, start?: number, noLocal = false) => [{ filter, start, noLocal }]

const answers: [answer: string, given: Partial<WhyFacts>, words: string][] = [
  ['DELIVERED', ledger({}), 'acknowledged at 2026-01-01T11:59:00'],
  ['DELIVERED', ledger({ outcome: 'written', qos: 0 }), 'at QoS 0 nobody acknowledges'],
  ['DELIVERED', { ...ledger({}), verdict: 'passed', message: undefined, client: undefined }, 'acknowledged'],
  ['DELIVERED', session({ takenBelow: 101 }), 'is past it'],
  ['AWAITING_ACK', session({ inFlightSinceMs: nowMs - 4_000 }), '4 s ago'],
  ['AWAITING_ACK', ledger({ outcome: 'pending', attempt: 2 }), 'attempt 2'],
  ['NOT_MATCHING', session({ subscriptions: subscribed('x/#', 1) }), 'it has "x/#"'],
  ['NOT_MATCHING', session({ subscriptions: [] }), 'no subscriptions'],
  ['SUBSCRIBED_LATER', session({ subscriptions: subscribed('a/#', 100) }), 'before client "c" subscribed to "a/#"'],
  [
    'FILTERED',
    {
      ...session({ subscriptions: subscribed('a/#', 1, true) }),
      message: { ...facts.message!, publisherClientId: 'c' },
    },
    'no-local',
  ],
  ['EXPIRED', ledger({ outcome: 'expired' }), 'expiry interval had passed'],
  ['EXPIRED', { message: { ...facts.message!, expiresAtMs: nowMs - 1 } }, 'It expired at'],
  ['WINDOW_FULL', session({ inFlight: 10 }), '10 messages that it does not acknowledge'],
  [
    'WINDOW_FULL',
    ledger({ outcome: 'waiting', reason: 'the window of unacknowledged messages is full' }),
    'this one waits',
  ],
  ['OFFLINE', session({ connected: false, offlineSinceMs: nowMs - 5 * minute }), '5 min ago'],
  ['OFFLINE', { ...session({ connected: false }), ...ledger({ outcome: 'interrupted' }) }, 'waits for it'],
  ['OFFLINE', { ...session({ connected: false }), ...ledger({ outcome: 'pending' }) }, 'waits for it'],
  ['RETENTION_PASSED', { verdict: 'passed', message: undefined }, 'Retention took message 3-100'],
  [
    'OTHER_MEMBER',
    {
      ...session({ subscriptions: subscribed('$share/g/a/#') }),
      ...ledger({ clientId: 'other', filter: '$share/g/a/#' }),
    },
    'member "other" got it',
  ],
  ['CATCHING_UP', session({ subscriptions: subscribed('$share/g/a/#') }), 'reads what came before'],
  ['UNKNOWN_CLIENT', { client: undefined }, 'no session of client "c"'],
  ['VOID', { verdict: 'void' }, 'repetition'],
  ['VOID', { verdict: 'void', voidReason: state.VoidReason.PROXY_ENDED }, 'recorded dead before it was stored'],
  ['DROPPED', ledger({ outcome: 'dropped', reason: 'the client does not read', qos: 0 }), 'the client does not read'],
  ['DROPPED', ledger({ outcome: 'refused', reasonCode: 0x97 }), 'reason code 0x97'],
  ['CATCHING_UP', {}, 'reads what came before'],
  [
    'SESSION_ENDED',
    { ...ledger({ outcome: 'dropped', reason: 'the session ended with its connection' }), client: undefined },
    'and the session with it',
  ],
]

test.each(answers)('%s: %o', (answer, given, words) => {
  const verdict = why({ ...facts, ...given })
  expect(verdict.answer).toBe(answer)
  expect(verdict.text).toContain(words)
  expect(verdict.text).toMatch(/\.$/)
})

test('a delivery to somebody else says nothing of this client', () => {
  const verdict = why({ ...facts, deliveries: [told({ clientId: 'somebody' })] })
  expect(verdict.answer).toBe('CATCHING_UP')
})

test('what was delivered at last counts, whatever came before', () => {
  const deliveries = [told({ outcome: 'interrupted', endMs: nowMs }), told({ attempt: 2, endMs: nowMs - 1 })]
  expect(why({ ...facts, deliveries })).toMatchObject({ answer: 'DELIVERED', filter: 'a/+' })
})

test('without a trace service the answer says what is therefore not known', () => {
  expect(why({ ...facts, ledger: undefined, client: undefined }).hint).toContain('No trace service answers')
})

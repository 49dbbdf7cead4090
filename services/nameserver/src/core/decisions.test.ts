import { control } from '@tern/proto'
import { expect, test } from 'vitest'
import { assigned, drainChanged, fold, joined, region } from './control.fixture.ts'
import { noControlState } from './control-state.ts'
import { decisionsOf, drainDecisions, type Sights } from './decisions.ts'

const limits = { queues: 12, movesMax: 4, wishes: [], standing: [] }
const now = 100_000
const quiet: Sights = {
  ...{ own: new Map(), peers: [], listeningSince: 0, leadingSince: now, run: 'ns-a/1', judgesLogs: true, now },
}

const hello = { kind: control.MemberKind.BROKER, nonce: 'new', zone: 'az-a', address: 'new:1', detail: undefined }
const own = (nonce: string, heardAt: number, refused = false): Sights['own'] =>
  new Map([
    [
      nonce,
      {
        hello: { ...hello, nonce },
        heardAt,
        refused,
        connected: true,
        logSilentMs: 0,
        logMissedAt: 0,
        clients: 0,
        serving: new Set<number>(),
        servingSince: 0,
      },
    ],
  ])
const peer = (incarnation: number, silentMs: number, refused = false, observedAt = now): Sights['peers'][number] => ({
  run: 'ns-b/1',
  heardAt: observedAt,
  refusedSince: undefined,
  observations: [{ incarnation, silentMs, refused }],
  observedAt,
})

const owned = fold([
  ...region(2, ['az-a', 'az-b', 'az-c']),
  assigned(0, 0, 2),
  assigned(0, 1, 3),
  joined(0, 'proxy', 'az-a', 'PROXY'),
])
/** All that live, but for `broker-0`, are heard by a peer. */
const othersHeard = (about: readonly { incarnation: number; silentMs: number; refused: boolean }[]) => ({
  ...peer(0, 0),
  observations: [...about, ...[3, 4, 7].map((incarnation) => ({ incarnation, silentMs: 10, refused: false }))],
})

test('the first decision in a region is how many queues it has', () => {
  expect(decisionsOf(noControlState, quiet, limits)).toEqual([{ $case: 'provisioned', value: { queues: 12 } }])
})

test('who says Hello joins, once, unless its address refuses already', () => {
  const sights = { ...quiet, own: own('new', now) }
  expect(decisionsOf(owned, sights, limits)).toEqual([{ $case: 'joined', value: hello }])
  expect(decisionsOf(owned, { ...quiet, own: own('broker-0', now) }, limits)).toEqual([])
  expect(decisionsOf(owned, { ...quiet, own: own('new', now, true) }, limits)).toEqual([])
})

test('who comes at the address of another run buries it, also one that this leader never heard', () => {
  const address = [...owned.members.values()].find(({ nonce }) => nonce === 'broker-0')!.address
  const seen = {
    hello: { ...hello, address },
    heardAt: now,
    refused: false,
    connected: true,
    logSilentMs: 0,
    logMissedAt: 0,
    clients: 0,
    serving: new Set<number>(),
    servingSince: 0,
  }
  const decided = decisionsOf(owned, { ...quiet, own: new Map([['new', seen]]), peers: [othersHeard([])] }, limits)
  expect(decided).toContainEqual({
    $case: 'died',
    value: { incarnation: 2, reason: 'another run serves at its address', silentMs: 0 },
  })
  const gone = { ...quiet, own: new Map([['new', { ...seen, connected: false }]]), peers: [othersHeard([])] }
  expect(decisionsOf(owned, gone, limits).map(({ $case }) => $case)).not.toContain('died')
})

test('a death and the new places of its queues go in one batch', () => {
  const sights = {
    ...quiet,
    own: own('broker-0', now, true),
    peers: [othersHeard([{ incarnation: 2, silentMs: 5, refused: true }])],
  }
  expect(decisionsOf(owned, sights, limits)).toEqual([
    {
      $case: 'died',
      value: { incarnation: 2, reason: '2 nameservers find its connections reset and refused', silentMs: 0 },
    },
    { $case: 'assigned', value: { queue: 0, broker: 4 } },
  ])
})

test('two dead brokers in one look: nothing goes to either', () => {
  const sights = { ...quiet, leadingSince: 0, peers: [peer(4, 0)] }
  const decided = decisionsOf(owned, sights, limits)
  expect(decided.filter(({ $case }) => $case === 'died')).toHaveLength(3)
  expect(decided.filter(({ $case }) => $case === 'assigned')).toEqual([
    { $case: 'assigned', value: { queue: 0, broker: 4 } },
    { $case: 'assigned', value: { queue: 1, broker: 4 } },
  ])
})

const buried = (sights: Partial<Sights>) =>
  decisionsOf(owned, { ...quiet, ...sights }, limits).flatMap((decided) =>
    decided.$case === 'died' ? [decided.value.incarnation] : [],
  )

test('who never spoke to a new leader has as long from its beginning', () => {
  expect(buried({ leadingSince: now - 1_500 })).toEqual([])
  expect(buried({ leadingSince: now - 1_501 })).toEqual([2, 3, 4])
})

test('who spoke to it before is silent from then, also under a new leader', () => {
  expect(buried({ own: own('broker-1', now - 1_501) })).toEqual([3])
})

test('a nameserver that was away counts from its return', () => {
  const seen = { own: own('broker-1', now - 9_000), leadingSince: now - 9_000 }
  expect(buried({ ...seen, listeningSince: now - 1_500 })).toEqual([])
  expect(buried({ ...seen, listeningSince: now - 1_501 })).toEqual([2, 3, 4])
})

test('a refusal that only a peer without news saw does not count', () => {
  const stale = { ...othersHeard([{ incarnation: 2, silentMs: 5, refused: true }]), observedAt: now - 1_001 }
  const sights = { ...quiet, own: own('broker-0', now, true), peers: [{ ...stale, heardAt: now }] }
  expect(decisionsOf(owned, sights, limits)).toEqual([])
})

test('a nameserver that died with the broker does not have to agree to its death', () => {
  const sights = { ...quiet, own: own('broker-0', now, true) }
  const refusing = { ...peer(2, 0), observations: [], refusedSince: now - 1 }
  const silent = { ...peer(2, 0, false, now - 1_001), observations: [] }
  const alive = { ...peer(2, 0), observations: [] }
  const died = (peers: Sights['peers']) =>
    decisionsOf(owned, { ...sights, peers }, limits).some(({ $case }) => $case === 'died')
  expect([died([refusing, refusing]), died([refusing, silent]), died([refusing, alive])]).toEqual([true, true, false])
})

test('queues without an owner come before balance', () => {
  const fresh = fold([...region(12, ['az-a', 'az-b'])])
  expect(decisionsOf(fresh, quiet, limits)).toHaveLength(12)
})

test('balance comes last, and only as many moves as are allowed', () => {
  const uneven = fold([...region(6, ['az-a', 'az-b']), ...[0, 1, 2, 3, 4, 5].map((queue) => assigned(0, queue, 2))])
  expect(decisionsOf(uneven, quiet, { queues: 6, movesMax: 2, wishes: [], standing: [] })).toHaveLength(2)
  expect(decisionsOf(uneven, quiet, { queues: 6, movesMax: 0, wishes: [], standing: [] })).toEqual([])
})

test('a broker that has no log gives its queues to those who have had it for a while, unless nobody has', () => {
  const owners = [0, 1, 2].map((queue) => assigned(0, queue, 2 + queue))
  const spread = fold([...region(3, ['az-a', 'az-b', 'az-c']), ...owners])
  const seen = (nonce: string, logSilentMs: number, logMissedAt: number) =>
    [...own(nonce, now)].map(([key, value]) => [key, { ...value, logSilentMs, logMissedAt }] as const)
  const silent = (nonce: string) => seen(nonce, 5_001, now)
  const served = (nonce: string, missedAt = 0) => seen(nonce, 0, missedAt)
  const decided = (own: ReturnType<typeof seen>, judgesLogs = true) =>
    decisionsOf(spread, { ...quiet, own: new Map(own), judgesLogs }, limits)
  const moved = [{ $case: 'assigned', value: { queue: 0, broker: 3 } }]
  expect(decided([...silent('broker-0'), ...served('broker-1')])).toEqual(moved)
  expect(decided([...silent('broker-0'), ...served('broker-1', now - 2_000)])).toEqual(moved)
  expect(decided([...silent('broker-0'), ...served('broker-1', now - 1_999)])).toEqual([])
  expect(decided([...silent('broker-0'), ...silent('broker-1'), ...silent('broker-2')])).toEqual([])
  expect(decided([...silent('broker-0'), ...served('broker-1')], false)).toEqual([])
})

test('a zone is drained as a whole, a broker alone, and nobody twice', () => {
  const drain = (zone: string, broker: number, draining = true) => drainDecisions(owned, { zone, broker, draining })
  const change = (incarnation: number) => ({ $case: 'drainChanged', value: { incarnation, draining: true } })
  expect(drain('az-b', 0)).toEqual([change(3)])
  expect(drain('', 4)).toEqual([change(4)])
  expect(drain('az-a', 0)).toEqual([change(2)])
  expect(drain('az-a', 0, false)).toEqual([])
  const drained = fold([drainChanged(0, 3, true)], owned.through + 1, owned)
  expect(drainDecisions(drained, { zone: 'az-b', broker: 0, draining: true })).toEqual([])
})

import { home, state } from '@tern/proto'
import { expect, test } from 'vitest'
import { type Client, type ClientEffect, unknownClient } from './client.ts'
import type { ClientCommand } from './commands.ts'
import { decide } from './decide.ts'
import { evolve } from './evolve.ts'
import { homeLimits } from './limits.ts'

type Open = Extract<ClientCommand, { type: 'open' }>
const at = (counter: number, epoch = 7) => ({ epoch, counter })
const will = (delaySeconds: number) =>
  state.StoredWill.fromPartial({ topic: 'gone', payload: Buffer.from('bye'), delaySeconds })

const connect = (counter: number, request: Partial<home.OpenSession> = {}, more: Partial<Open> = {}): Open => ({
  type: 'open',
  clientId: 'c',
  request: { cleanStart: false, expirySeconds: 60, will: undefined, principal: '', attempt: 0, ...request },
  proxy: 1,
  number: at(counter),
  reportPossible: false,
  sessionsFull: false,
  now: 0,
  ...more,
})
const close = (counter: number, willApplies: boolean, now = 0, more: Partial<home.CloseConnection> = {}) =>
  ({ type: 'close', request: { connection: at(counter), willApplies, cursor: undefined, ...more }, now }) as const

/** Given the commands before, when the last one comes: the client then, and the last effects. */
function after(...commands: ClientCommand[]): { client: Client; effects: readonly ClientEffect[] } {
  let client = unknownClient
  let effects: readonly ClientEffect[] = []
  for (const command of commands) {
    const decision = decide(client, command)
    client = decision.events.reduce(evolve, client)
    effects = decision.effects
  }
  return { client, effects }
}
const types = (effects: readonly ClientEffect[]) => effects.map(({ type }) => type)

test('a first connection finds no session', () => {
  expect(after(connect(1)).effects).toEqual([{ type: 'opened', connection: at(1), present: false }])
})

test('a session is resumed with its incarnation and a higher connection number', () => {
  const { client, effects } = after(connect(1), close(1, false), connect(2, {}, { now: 59_999 }))
  expect(effects).toEqual([{ type: 'opened', connection: at(2), present: true }])
  expect(client.session).toMatchObject({ incarnation: at(1), connection: at(2), disconnectedAtMs: undefined })
})

test('clean start ends the session before', () => {
  const { client, effects } = after(connect(1), close(1, false), connect(2, { cleanStart: true }))
  expect(effects).toEqual([{ type: 'opened', connection: at(2), present: false }])
  expect(client.session?.incarnation).toEqual(at(2))
})

test('a session is not resumed once its expiry interval has passed', () => {
  const { effects } = after(connect(1), close(1, false), connect(2, {}, { now: 60_000 }))
  expect(effects).toEqual([{ type: 'opened', connection: at(2), present: false }])
})

test('[MQTT5-3.1.4-3] a takeover tells the old proxy', () => {
  const { effects } = after(connect(1), connect(2, {}, { proxy: 2 }))
  expect(effects[0]).toEqual({ type: 'push-superseded', proxy: 1, connection: at(1) })
})

test('a lower connection number changes nothing and is answered superseded', () => {
  for (const old of [
    close(1, true),
    { type: 'subscribe', request: home.Subscribe.fromPartial({ connection: at(1) }) },
    { type: 'checkpoint', request: home.Checkpoint.fromPartial({ connection: at(1), cursor: {} }) },
    { type: 'journal', request: home.Journal.fromPartial({ connection: at(1) }) },
  ] as const) {
    const { client, effects } = after(connect(1), connect(2), old)
    expect(effects).toEqual([{ type: 'superseded' }])
    expect(client).toEqual(after(connect(1), connect(2)).client)
  }
})

test('a session of expiry zero ends with its connection', () => {
  expect(after(connect(1, { expirySeconds: 0 }), close(1, false)).client.session).toBeUndefined()
})

test('DISCONNECT cannot raise an expiry interval of zero', () => {
  const { client } = after(connect(1, { expirySeconds: 0 }), close(1, false, 0, { expirySeconds: 9 }))
  expect(client.session).toBeUndefined()
})

test('an offline session ends when its time has passed and not before', () => {
  expect(after(connect(1), close(1, false), { type: 'due', now: 59_999 }).client.session).toBeDefined()
  expect(after(connect(1), close(1, false), { type: 'due', now: 60_000 }).client.session).toBeUndefined()
})

test('a will without delay fires when the connection breaks, once', () => {
  const broken = after(connect(1, { will: will(0) }), close(1, true))
  expect(types(broken.effects)).toEqual(['done', 'fire-will'])
  const published = after(
    connect(1, { will: will(0) }),
    close(1, true),
    { type: 'will-published', connection: at(1) },
    close(1, true),
  )
  expect(published.client.will).toBeUndefined()
  expect(types(published.effects)).toEqual(['done'])
})

test('[MQTT5-3.14.4-3] a normal DISCONNECT discards the will', () => {
  const { client, effects } = after(connect(1, { will: will(0) }), close(1, false))
  expect([client.will, types(effects)]).toEqual([undefined, ['done']])
})

test('a delayed will is cancelled by a connection that resumes the session in time', () => {
  const { client, effects } = after(connect(1, { will: will(10) }), close(1, true), connect(2, {}, { now: 9_999 }))
  expect([client.will, types(effects)]).toEqual([undefined, ['opened']])
})

test('a delayed will fires at its time or at the end of its session, whichever is first', () => {
  const late = after(connect(1, { will: will(10) }), close(1, true), { type: 'due', now: 10_000 })
  expect(types(late.effects)).toEqual(['fire-will'])
  const ended = after(connect(1, { will: will(100) }), close(1, true), { type: 'due', now: 60_000 })
  expect(types(ended.effects)).toEqual(['fire-will'])
  const clean = after(connect(1, { will: will(100) }), close(1, true), connect(2, { cleanStart: true }))
  expect(types(clean.effects)).toEqual(['fire-will'])
})

test('at a takeover the home waits for the report, then fires a will without delay before it gives the number', () => {
  const given = connect(1, { will: will(0) })
  const { effects: waits } = after(given, connect(2, {}, { reportPossible: true }))
  expect(waits).toEqual([{ type: 'await-report', proxy: 1, connection: at(1), patient: true }])
  const fired = after(given, connect(3))
  expect(fired.effects).toMatchObject([{ type: 'fire-will', again: true }])
  const { effects } = after(given, connect(3), { type: 'will-published', connection: at(1) }, connect(4))
  expect(effects.at(-1)).toEqual({ type: 'opened', connection: at(4), present: true })
})

test('a session that goes on waits for where the old connection left it, a clean start and a second try do not', () => {
  const again = (clean: boolean) => connect(2, { cleanStart: clean }, { reportPossible: true })
  const { effects } = after(connect(1), again(false))
  expect(effects).toEqual([{ type: 'await-report', proxy: 1, connection: at(1), patient: false }])
  expect(types(after(connect(1), again(true)).effects)).toContain('opened')
  expect(types(after(connect(1), connect(2)).effects)).toContain('opened')
  expect(types(after(connect(1), close(1, true), again(false)).effects)).toContain('opened')
})

test('the recorded death of a proxy ends its connections only', () => {
  const died = (proxy: number) => ({ type: 'proxy-died', proxy, now: 5 }) as const
  expect(after(connect(1), died(1)).client.session?.disconnectedAtMs).toBe(5)
  expect(after(connect(1), died(2)).client.session?.disconnectedAtMs).toBeUndefined()
})

test('a clean session is announced to a new home unless a newer one has been there', () => {
  const request = { connection: at(4, 3), session: at(2, 3), expirySeconds: 0 }
  const announce = { type: 'announce', request, proxy: 1, ended: undefined } as const
  expect(after(announce).client.session).toMatchObject({ incarnation: at(2, 3), durable: false })
  expect(after(connect(1), announce).effects).toEqual([{ type: 'superseded' }])
  expect(after({ ...announce, ended: at(1) }).effects).toEqual([{ type: 'superseded' }])
})

test('an entry that reuses a packet id closes its predecessor, and a PUBREC is never taken back', () => {
  const journal = (position: number, phase: state.JournalPhase): ClientCommand => ({
    type: 'journal',
    request: { connection: at(1), entries: [{ packetId: 9, queue: 0, position, phase, qos: 2, group: '' }] },
  })
  const { PUBLISHED, RELEASED, DONE } = state.JournalPhase
  const held = (...commands: ClientCommand[]) => [...after(connect(1), ...commands).client.journal.values()]
  expect(held(journal(5, RELEASED), journal(5, PUBLISHED))).toMatchObject([{ position: 5, phase: RELEASED }])
  expect(held(journal(5, RELEASED), journal(6, PUBLISHED))).toMatchObject([{ position: 6, phase: PUBLISHED }])
  expect(held(journal(5, RELEASED), journal(5, DONE))).toEqual([])
})

test('a subscription too many is refused with 0x97 and none of its packet is kept', () => {
  const subscriptions = Array.from({ length: homeLimits.subscriptionsMax + 1 }, (_, i) => ({ filter: `f/${i}` }))
  const request = home.Subscribe.fromPartial({ connection: at(1), subscriptions })
  const { client, effects } = after(connect(1), { type: 'subscribe', request })
  expect(effects).toEqual([{ type: 'refused', reasonCode: 0x97 }])
  expect(client.session?.subscriptions).toEqual([])
})

test('an equal filter replaces its subscription', () => {
  const subscribe = (qos: number) =>
    ({
      type: 'subscribe',
      request: home.Subscribe.fromPartial({ connection: at(1), subscriptions: [{ filter: 'a', qos }] }),
    }) as const
  expect(after(connect(1), subscribe(0), subscribe(2)).client.session?.subscriptions).toMatchObject([{ qos: 2 }])
})

test('a CONNECT whose answer was lost is answered again, and neither takes over from itself nor fires its will', () => {
  const first = connect(1, { attempt: 9, will: will(0) })
  const { client, effects } = after(first, { ...first, number: at(2), reportPossible: true })
  expect(effects).toEqual([{ type: 'opened', connection: at(1), present: false }])
  expect(client.will).toMatchObject({ connection: at(1), dueAtMs: undefined })
  const resumed = connect(3, { attempt: 10 })
  expect(after(first, close(1, false), resumed, { ...resumed, number: at(4) }).effects).toEqual([
    { type: 'opened', connection: at(3), present: true },
  ])
})

test('so is that of a clean session at a new home, which knows its will only', () => {
  const first = connect(1, { attempt: 9, expirySeconds: 0, will: will(0) })
  const home = { ...after(first).client, session: undefined }
  const { effects, events } = decide(home, { ...first, number: at(1, 8), reportPossible: true })
  expect(effects).toEqual([{ type: 'opened', connection: at(1, 8), present: false }])
  const { will: kept } = events.reduce(evolve, home)
  expect(kept).toMatchObject({ connection: at(1, 8), dueAtMs: undefined })
})

test('the same number of another proxy is another CONNECT', () => {
  const first = connect(1, { attempt: 9, will: will(0) })
  const { effects } = after(first, { ...first, proxy: 2, number: at(2) })
  expect(types(effects)).toEqual(['fire-will'])
})

const remove = { type: 'delete', now: 5 } as const

test('a session that is deleted ends with all that it holds, and its proxy is told to disconnect', () => {
  const { client, effects } = after(connect(1), remove)
  expect(effects).toEqual([{ type: 'push-deleted', proxy: 1, connection: at(1) }, { type: 'done' }])
  expect(client.session).toBeUndefined()
})

test('what its connection says afterwards is void, and a repetition of its CONNECT does not bring it back', () => {
  const first = connect(1, { attempt: 9 })
  const subscribe: ClientCommand = { type: 'subscribe', request: { connection: at(1), subscriptions: [] } }
  expect(types(after(first, remove, subscribe).effects)).toEqual(['superseded'])
  expect(types(after(first, remove, { ...first, number: at(2) }).effects)).toEqual(['superseded'])
  expect(types(after(first, remove, connect(3, { attempt: 10 })).effects)).toEqual(['opened'])
})

test('a deleted session takes its will with it: that is due now, and fires once', () => {
  const { client, effects } = after(connect(1, { will: will(60) }), remove)
  expect(types(effects)).toEqual(['push-deleted', 'fire-will', 'done'])
  expect(client.will?.dueAtMs).toBe(5)
  expect(types(decide(client, close(1, true, 6)).effects)).toEqual(['done'])
})

test('a session without a connection is deleted without a word to a proxy; one that is not there is absent', () => {
  expect(types(after(connect(1), close(1, false), remove).effects)).toEqual(['done'])
  expect(types(after(remove).effects)).toEqual(['absent'])
  expect(types(after(connect(1), remove, remove).effects)).toEqual(['absent'])
})

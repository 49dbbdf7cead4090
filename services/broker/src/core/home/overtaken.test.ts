import { state } from '@tern/proto'
import { expect, test } from 'vitest'
import { type Client, type ClientEffect, unknownClient } from './client.ts'
import type { ClientCommand } from './commands.ts'
import { decide } from './decide.ts'
import { evolve } from './evolve.ts'
import { clientsOf, writesOf } from './records.ts'

const at = (counter: number, epoch = 7) => ({ epoch, counter })
const will = state.StoredWill.fromPartial({ topic: 'gone' })

type Open = Extract<ClientCommand, { type: 'open' }>
const connect = (proxy: number, attempt: number, counter: number, more: Partial<Open['request']> = {}): Open => ({
  type: 'open',
  clientId: 'c',
  request: { cleanStart: false, expirySeconds: 60, will: undefined, principal: '', attempt, ...more },
  proxy,
  number: at(counter),
  reportPossible: false,
  sessionsFull: false,
  now: 0,
})
const close = (counter: number): ClientCommand => ({
  type: 'close',
  request: { connection: at(counter), willApplies: true, cursor: undefined },
  now: 0,
})
const published = (counter: number): ClientCommand => ({ type: 'will-published', connection: at(counter) })
const died = (proxy: number): ClientCommand => ({ type: 'proxy-died', proxy, now: 0 })

/** Given the commands before, when the last one comes: the client then, what stands in tern.state of it, and the last effects. */
function after(...commands: ClientCommand[]) {
  let client = unknownClient
  let effects: readonly ClientEffect[] = []
  const written = new Map<string, NonNullable<state.StateValue['value']>>()
  for (const command of commands) {
    const decision = decide(client, command)
    for (const event of decision.events) {
      for (const [key, value] of writesOf('c', client, event)) {
        if (value === undefined) written.delete(key)
        else written.set(key, value)
      }
      client = evolve(client, event)
    }
    effects = decision.effects
  }
  return { client, written, effects }
}
/** The client as the next home knows it. */
const survived = (...commands: ClientCommand[]): Client =>
  clientsOf(after(...commands).written).get('c') ?? unknownClient

const mortal = { will }
const passing = { will, expirySeconds: 0 }

test('a CONNECT that was taken over before it was answered is over, and takes nothing back', () => {
  const before = [connect(1, 9, 1), connect(2, 4, 2)]
  const { client, effects } = after(...before, connect(1, 9, 3))
  expect(effects).toEqual([{ type: 'superseded' }])
  expect(client.session).toMatchObject({ connection: at(2), proxy: 2, disconnectedAtMs: undefined })
})

test.each([
  ['a session that lasts', mortal],
  ['a session that ends with its connection', passing],
])('its will has fired and is not stored again, also at the next home: %s', (_, kind) => {
  const again = connect(1, 9, 1, kind)
  const next = connect(2, 4, 2, { expirySeconds: 0 })
  const fired = [again, next, published(1), next]
  expect(after(...fired).client.will).toBeUndefined()
  for (const client of [after(...fired).client, survived(...fired)]) {
    expect(decide(client, again)).toEqual({ events: [], effects: [{ type: 'superseded' }] })
  }
})

test('the next home knows it also when the will was all that it knew of the connection', () => {
  const client = survived(connect(1, 9, 1, passing))
  const next = connect(2, 4, 2, { expirySeconds: 0 })
  const { events, effects } = decide(client, next)
  expect(effects).toMatchObject([{ type: 'fire-will' }])
  expect(decide(events.reduce(evolve, client), connect(1, 9, 3, passing)).effects).toEqual([{ type: 'superseded' }])
})

test('a CONNECT that comes again while its will is fired for the next one ends its connection', () => {
  const again = connect(1, 9, 1, mortal)
  const { client, effects } = after(again, connect(2, 4, 2), again)
  expect(effects).toEqual([{ type: 'superseded' }])
  expect(client.session).toMatchObject({ connection: at(1), disconnectedAtMs: 0 })
})

test('an older CONNECT of the same proxy is over as well, a newer one is not', () => {
  const before = [connect(1, 9, 1), connect(2, 4, 2)]
  expect(after(...before, connect(1, 8, 3)).effects).toEqual([{ type: 'superseded' }])
  expect(after(...before, connect(1, 10, 3)).effects.at(-1)).toMatchObject({ type: 'opened', connection: at(3) })
  expect(after(connect(1, 9, 1), connect(1, 8, 2)).effects).toEqual([{ type: 'superseded' }])
})

test('a connection that has ended is not opened by a late copy of its CONNECT', () => {
  expect(after(connect(1, 9, 1), close(1), connect(1, 9, 2)).effects).toEqual([{ type: 'superseded' }])
})

test('it is remembered until its proxy reports the end of the connection, or is dead', () => {
  const before = [connect(1, 9, 1), connect(2, 4, 2)]
  const key = 'overtaken/c'
  expect(after(...before).written.has(key)).toBe(true)
  expect(after(...before, close(1)).written.has(key)).toBe(false)
  expect(after(...before, died(1)).written.has(key)).toBe(false)
  expect(after(...before, close(2), died(3)).written.has(key)).toBe(true)
})

test('of each proxy the newest one is remembered', () => {
  const turns = [connect(1, 9, 1), connect(2, 4, 2), connect(1, 10, 3), connect(2, 5, 4), connect(1, 11, 5)]
  expect(after(...turns).client.overtaken).toEqual([
    { proxy: 1, attempt: 10, connection: at(3) },
    { proxy: 2, attempt: 5, connection: at(4) },
  ])
})

import { control } from '@tern/proto'
import { expect, test } from 'vitest'
import type { Member } from './control-state.ts'
import { causeOfDeath, type Sight } from './liveness.ts'

const memberOf = (kind: 'BROKER' | 'PROXY'): Member => ({
  incarnation: 7,
  kind: control.MemberKind[kind],
  nonce: 'x',
  zone: 'az-a',
  address: 'x:1',
  draining: false,
  detail: undefined,
})
const broker = memberOf('BROKER')
const proxy = memberOf('PROXY')
const now = 100_000
const sight = (nameserver: string, silentMs: number, refused = false): Sight => ({
  nameserver,
  heardAt: now - silentMs,
  refused,
})

test('a member that is heard lives', () => {
  expect(causeOfDeath(broker, [sight('a', 0), sight('b', 10)], 3, now)).toBeUndefined()
})

test('connections reset and refused at two nameservers are death at once', () => {
  const sights = [sight('a', 1, true), sight('b', 1, true), sight('c', 1)]
  expect(causeOfDeath(broker, sights, 3, now)).toMatch(/^2 nameservers find/)
  expect(causeOfDeath(proxy, sights, 3, now)).toMatch(/^2 nameservers find/)
})

test('one nameserver that is refused proves nothing while another lives', () => {
  expect(causeOfDeath(broker, [sight('a', 1, true), sight('b', 1)], 3, now)).toBeUndefined()
  expect(causeOfDeath(broker, [sight('a', 1, true)], 2, now)).toBeUndefined()
})

test('a nameserver that is alone believes itself', () => {
  expect(causeOfDeath(broker, [sight('a', 1, true)], 1, now)).toMatch(/refused/)
})

test('1.5 s of silence are the death of a broker', () => {
  expect(causeOfDeath(broker, [sight('a', 1_500), sight('b', 2_000)], 3, now)).toBeUndefined()
  expect(causeOfDeath(broker, [sight('a', 1_501), sight('b', 2_000)], 3, now)).toBe('silent for 1501 ms')
})

test('5 s of silence are the death of a proxy', () => {
  expect(causeOfDeath(proxy, [sight('a', 5_000)], 3, now)).toBeUndefined()
  expect(causeOfDeath(proxy, [sight('a', 5_001)], 3, now)).toBe('silent for 5001 ms')
})

test('who is heard by one nameserver is not silent', () => {
  expect(causeOfDeath(broker, [sight('a', 9_000), sight('b', 9_000), sight('c', 100)], 3, now)).toBeUndefined()
})

import type { nameserver } from '@tern/proto'
import { control } from '@tern/proto'
import { type Duplex, duplexPair } from '@tern/runtime'
import { manualClock } from '@tern/runtime/testing'
import { expect, test } from 'vitest'
import { createMembership } from './membership.ts'

type ServerSide = Duplex<nameserver.RegisterResponse, nameserver.RegisterRequest>

function joining() {
  const clock = manualClock()
  const streams: { address: string; server: ServerSide; heard: string[] }[] = []
  const dial = (address: string) => {
    const [client, server] = duplexPair<nameserver.RegisterRequest, nameserver.RegisterResponse>(clock)
    const heard: string[] = []
    server.listen({
      frame: ({ message }) => void heard.push(JSON.stringify(message)),
      end: () => void heard.push('end'),
    })
    streams.push({ address, server, heard })
    return client
  }
  const membership = createMembership({
    kind: 'broker',
    zone: 'az-a',
    address: 'me:1',
    addresses: ['a:1', 'b:1'],
    nonce: 'run-1',
    clock,
    logSilentMs: () => 12.4,
    clients: () => 3,
    dial,
  })
  const reasons: string[] = []
  membership.onDeclaredDead((reason) => reasons.push(reason))
  const declare = (at: number) =>
    streams[at]?.server.send({ message: { $case: 'declaredDead', value: { incarnation: 7, reason: 'silent' } } })
  return { clock, streams, membership, reasons, declare }
}

const hello = JSON.stringify({
  $case: 'hello',
  value: { kind: control.MemberKind.BROKER, nonce: 'run-1', zone: 'az-a', address: 'me:1' },
})
const heartbeat = (serving: readonly number[]) =>
  JSON.stringify({ $case: 'heartbeat', value: { serving, logSilentMs: 12, clients: 3 } })

test('it says Hello to every nameserver, and then beats four times a second with what it serves and how its log is', () => {
  const { clock, streams, membership } = joining()
  clock.pass(250)
  membership.setServing([1, 5])
  clock.pass(250)
  expect(streams.map(({ address }) => address)).toEqual(['a:1', 'b:1'])
  for (const { heard } of streams) expect(heard).toEqual([hello, heartbeat([]), heartbeat([1, 5])])
})

test('it has joined as soon as one nameserver says so', async () => {
  const { clock, streams, membership } = joining()
  streams[1]?.server.send({ message: { $case: 'registered', value: { incarnation: 7 } } })
  clock.pass(1)
  expect(await membership.joined).toBe(7)
})

test('a stream that broke is dialled again, with a Hello, and the other one goes on', () => {
  const { clock, streams } = joining()
  streams[0]?.server.end()
  clock.pass(300)
  expect(streams.map(({ address }) => address)).toEqual(['a:1', 'b:1', 'a:1'])
  expect(streams[2]?.heard).toEqual([hello, heartbeat([])])
  expect(streams[1]?.heard).toEqual([hello, heartbeat([])])
})

test('who is declared dead hears it once, and says nothing more to anyone', () => {
  const { clock, streams, reasons, declare } = joining()
  clock.pass(1)
  declare(0)
  declare(1)
  clock.pass(5_000)
  expect(reasons).toEqual(['silent'])
  expect(streams).toHaveLength(2)
  for (const { heard } of streams) expect(heard).toEqual([hello, 'end'])
})

test('who stops ends its streams and dials no more', () => {
  const { clock, streams, membership, reasons } = joining()
  clock.pass(1)
  membership.stop()
  clock.pass(5_000)
  expect(streams).toHaveLength(2)
  expect(streams[0]?.heard).toEqual([hello, 'end'])
  expect(reasons).toEqual([])
})

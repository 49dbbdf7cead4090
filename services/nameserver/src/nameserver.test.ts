import { createMemoryLog } from '@tern/log'
import { createMembership, createRouteWatcher, type Membership, type RouteTable } from '@tern/routing'
import { startServer } from '@tern/rpc'
import { systemClock as clock, silentLogger } from '@tern/runtime'
import { afterEach, expect, test } from 'vitest'
import { createNameserver, type Nameserver } from './nameserver.ts'

const undo: (() => void)[] = []
afterEach(() => {
  for (const step of undo.splice(0).toReversed()) step()
})

async function freeAddress(): Promise<string> {
  const server = await startServer('127.0.0.1:0', [])
  server.stop()
  return server.address
}

async function startThree() {
  const log = createMemoryLog({ now: clock.now })
  const addresses = await Promise.all([freeAddress(), freeAddress(), freeAddress()])
  const nameservers = addresses.map((listen, i) => {
    const peers = addresses.filter((address) => address !== listen)
    const config = {
      name: `ns-${i}`,
      nonce: `run-${i}`,
      zone: `az-${'abc'[i]}`,
      listen,
      peers,
      queues: 12,
      movesMax: 4,
    }
    return createNameserver(config, { log, clock, logger: silentLogger })
  })
  await Promise.all(nameservers.map((nameserver) => nameserver.start()))
  undo.push(...nameservers.map((nameserver) => () => nameserver.stop()))
  return { addresses, nameservers }
}

function watch(addresses: readonly string[]) {
  const watcher = createRouteWatcher({ addresses, clock })
  undo.push(() => watcher.stop())
  const until = (holds: (table: RouteTable) => boolean) =>
    new Promise<RouteTable>((resolve) => {
      const look = (table: RouteTable) => holds(table) && resolve(table)
      watcher.onChange(look)
      look(watcher.table())
    })
  return { watcher, until }
}

/** A broker that listens, so that its end is a refused connection. */
async function startBroker(addresses: readonly string[], zone: string, nonce: string) {
  const server = await startServer('127.0.0.1:0', [])
  const membership = createMembership({ kind: 'broker', zone, address: server.address, addresses, nonce, clock })
  const kill = () => {
    membership.stop()
    server.stop()
  }
  undo.push(kill)
  return { membership, kill, incarnation: await membership.joined }
}

const ownersOf = (table: RouteTable) => Array.from({ length: table.queues }, (_, queue) => table.ownerOf(queue)?.broker)
const countOf = (table: RouteTable, broker: number) => ownersOf(table).filter((owner) => owner === broker).length

test('queues are spread over the brokers, and move at once when one dies', { timeout: 20_000 }, async () => {
  const { addresses } = await startThree()
  const [a, b, c] = await Promise.all([
    startBroker(addresses, 'az-a', 'a'),
    startBroker(addresses, 'az-b', 'b'),
    startBroker(addresses, 'az-c', 'c'),
  ])
  const { watcher, until } = watch(addresses)
  await until((table) => [a, b, c].every(({ incarnation }) => countOf(table, incarnation) === 4))
  const died: number[] = []
  watcher.onDied((incarnation) => died.push(incarnation))
  const killedAt = clock.now()
  b.kill()
  const after = await until((table) => table.queues === 12 && !ownersOf(table).includes(b.incarnation))
  expect(clock.now() - killedAt).toBeLessThan(1_500)
  expect(ownersOf(after)).not.toContain(undefined)
  expect(died).toEqual([b.incarnation])
})

test('when the leader dies another leads, and a returned broker gets queues back', { timeout: 20_000 }, async () => {
  const { addresses, nameservers } = await startThree()
  const { until } = watch(addresses.toReversed())
  const a = await startBroker(addresses, 'az-a', 'a')
  await until((table) => countOf(table, a.incarnation) === 12)
  // The first by name leads when all began together; its end must not matter, whichever it was.
  ;(nameservers[0] as Nameserver).stop()
  const b = await startBroker(addresses, 'az-b', 'b')
  const table = await until((next) => countOf(next, b.incarnation) === 6)
  expect(countOf(table, a.incarnation)).toBe(6)
})

test('a member that was declared dead learns it', { timeout: 20_000 }, async () => {
  const { addresses } = await startThree()
  const first = await startBroker(addresses, 'az-a', 'first')
  const reason = new Promise<string>((resolve) => first.membership.onDeclaredDead(resolve))
  // Another run at the same address: the first must be gone.
  const address = await addressOf(addresses, first.incarnation)
  const second: Membership = createMembership({
    kind: 'broker',
    zone: 'az-a',
    address,
    addresses,
    nonce: 'second',
    clock,
  })
  undo.push(() => second.stop())
  expect(await reason).toMatch(/dead/)
  expect(await second.joined).toBeGreaterThan(first.incarnation)
})

async function addressOf(addresses: readonly string[], incarnation: number): Promise<string> {
  const { until } = watch(addresses)
  const table = await until((next) => next.member(incarnation) !== undefined)
  return table.member(incarnation)?.address ?? ''
}

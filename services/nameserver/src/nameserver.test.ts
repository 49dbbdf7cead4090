import { createMemoryLog, type Log } from '@tern/log'
import { createMembership, type Membership } from '@tern/routing'
import { startServer } from '@tern/rpc'
import { systemClock as clock, silentLogger } from '@tern/runtime'
import { afterEach, expect, test } from 'vitest'
import type { NameserverConfig } from './config.ts'
import { createNameserver, type Nameserver } from './nameserver.ts'
import { cleanUp, countOf, freeAddress, later, leaderOf, ownersOf, watch } from './testing/region.ts'

afterEach(cleanUp)

async function startNameserver(log: Log, config: NameserverConfig): Promise<Nameserver> {
  const nameserver = createNameserver(config, { log, clock, logger: silentLogger })
  await nameserver.start()
  later(() => nameserver.stop())
  return nameserver
}

/** What one process has of a log, until its way there is cut: then nothing is answered, and nothing is heard. */
function severable(log: Log): Readonly<{ log: Log; cut(): void }> {
  let isCut = false
  const never = new Promise<never>(() => {})
  return {
    cut: () => (isCut = true),
    log: {
      ...log,
      append: (...given) => (isCut ? never : log.append(...given)),
      offsets: (...given) => (isCut ? never : log.offsets(...given)),
      tail: (topic, partition, from, deliver) => log.tail(topic, partition, from, (bytes) => isCut || deliver(bytes)),
    },
  }
}

async function startThree(snapshotRecords = 1_000, reach: (log: Log, i: number) => Log = (log) => log) {
  const log = createMemoryLog({ now: clock.now })
  const addresses = await Promise.all([freeAddress(), freeAddress(), freeAddress()])
  const nameservers = await Promise.all(
    addresses.map((listen, i) => {
      const peers = addresses.filter((address) => address !== listen)
      const zone = `az-${'abc'[i]}`
      return startNameserver(reach(log, i), {
        name: `ns-${i}`,
        nonce: `run-${i}`,
        zone,
        listen,
        peers,
        queues: 12,
        movesMax: 4,
        snapshotRecords,
      })
    }),
  )
  return { log, addresses, nameservers }
}

/** A broker that listens, so that its end is a refused connection. */
async function startBroker(addresses: readonly string[], zone: string, nonce: string, logSilentMs = () => 0) {
  const server = await startServer('127.0.0.1:0', [])
  const { address } = server
  const membership = createMembership({ kind: 'broker', zone, address, addresses, nonce, clock, logSilentMs })
  const kill = () => {
    membership.stop()
    server.stop()
  }
  later(kill)
  return { membership, kill, incarnation: await membership.joined }
}

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
  nameservers[0]?.stop()
  const b = await startBroker(addresses, 'az-b', 'b')
  const table = await until((next) => countOf(next, b.incarnation) === 6)
  expect(countOf(table, a.incarnation)).toBe(6)
})

test('a zone that is cut off from the log neither decides nor owns, and those who watch its nameserver learn it', {
  timeout: 20_000,
}, async () => {
  const ways: (() => void)[] = []
  const { addresses } = await startThree(1_000, (log, i) => {
    const way = severable(log)
    ways[i] = way.cut
    return way.log
  })
  let cutAt: number | undefined
  const a = await startBroker(addresses, 'az-a', 'a', () => (cutAt === undefined ? 0 : clock.now() - cutAt))
  const b = await startBroker(addresses, 'az-b', 'b')
  const { until } = watch(addresses)
  await until((table) => countOf(table, a.incarnation) === 6 && countOf(table, b.incarnation) === 6)
  expect(await leaderOf(addresses)).toBe(addresses[0])
  cutAt = clock.now()
  ways[0]?.()
  await until((table) => countOf(table, b.incarnation) === 12)
  expect(clock.now() - cutAt).toBeLessThan(10_000)
  expect(clock.now() - cutAt).toBeGreaterThan(5_000)
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
  later(() => second.stop())
  expect(await reason).toMatch(/dead/)
  expect(await second.joined).toBeGreaterThan(first.incarnation)
})

async function addressOf(addresses: readonly string[], incarnation: number): Promise<string> {
  const { until } = watch(addresses)
  const table = await until((next) => next.member(incarnation) !== undefined)
  return table.member(incarnation)?.address ?? ''
}

test('a nameserver that starts when the log has been trimmed knows all that the others know', {
  timeout: 20_000,
}, async () => {
  const { log, addresses } = await startThree(20)
  const early = watch(addresses)
  const { until } = early
  const stays = await startBroker(addresses, 'az-a', 'stays')
  const startOf = async () => (await log.offsets('tern.control', [0]))[0]?.start ?? 0
  for (let run = 0; (await startOf()) === 0; run++) {
    expect(run).toBeLessThan(10)
    const passing = await startBroker(addresses, 'az-b', `passing-${run}`)
    await until((table) => countOf(table, passing.incarnation) > 0)
    passing.kill()
    await until((table) => table.queues === 12 && countOf(table, stays.incarnation) === 12)
  }
  const listen = await freeAddress()
  const config = { name: 'ns-3', nonce: 'run-3', zone: 'az-c', listen, peers: addresses, queues: 12, movesMax: 4 }
  await startNameserver(log, config)
  const late = watch([listen])
  await late.until((table) => countOf(table, stays.incarnation) === 12)
  await expect.poll(() => late.watcher.table().revision - early.watcher.table().revision).toBe(0)
  expect(late.watcher.table().members()).toEqual(early.watcher.table().members())
  expect(ownersOf(late.watcher.table())).toEqual(ownersOf(early.watcher.table()))
})

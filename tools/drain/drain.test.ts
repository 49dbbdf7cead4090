import { createMemoryLog } from '@tern/log'
import { createNameserver } from '@tern/nameserver'
import { control } from '@tern/proto'
import { applyRoutes, createMembership, createRouteWatcher, emptyRouteTable } from '@tern/routing'
import { startServer } from '@tern/rpc'
import { type Clock, silentLogger, systemClock } from '@tern/runtime'
import { afterEach, expect, test } from 'vitest'
import { freePorts } from '../region/ports.ts'
import { DrainRefused, drain, queuesOf, undrain, whyNot } from './drain.ts'

const undo: (() => void)[] = []
afterEach(() => {
  for (const step of undo.splice(0).toReversed()) step()
})

const tableOf = (...brokers: readonly (readonly [zone: string, draining: boolean])[]) =>
  applyRoutes(emptyRouteTable, {
    ...{ snapshot: true, revision: 1, queues: 4, routes: [], died: [] },
    members: brokers.map(([zone, draining], i) => ({
      ...{ incarnation: i + 1, kind: control.MemberKind.BROKER, zone, draining },
      ...{ address: `127.0.0.1:${i}`, nonce: `${i}`, detail: undefined },
    })),
  })

test('a zone is drained only when another one takes its queues', () => {
  const busy = tableOf(['az-a', false], ['az-b', false], ['az-b', false])
  expect(whyNot(busy, 'az-a', true)).toBeUndefined()
  expect(whyNot(busy, 'az-b', true)).toBeUndefined()
  const last = tableOf(['az-a', false], ['az-b', true])
  expect(whyNot(last, 'az-a', true)).toMatch(/^no other zone could take the queues of az-a;/)
  expect(whyNot(last, 'az-a', false)).toBeUndefined()
})

test('a zone that is not there is refused, and the others are named', () => {
  expect(whyNot(tableOf(['az-b', false], ['az-a', true]), 'az-x', false)).toBe(
    'there is no living broker in a zone "az-x"; the zones are az-a, az-b',
  )
})

/** Waits a tenth of what it is asked to. */
const hurried: Clock = { ...systemClock, after: (ms, run) => systemClock.after(ms / 10, run) }

test('when no nameserver answers that is said, with where it was asked', async () => {
  const [port] = await freePorts(1)
  const asked = undrain({ nameservers: [`127.0.0.1:${port}`], zone: 'az-a', clock: hurried, say: () => {} })
  await expect(asked).rejects.toThrow(DrainRefused)
  await expect(asked).rejects.toThrow(`no nameserver answers at 127.0.0.1:${port}; is the region running?`)
})

/** Two nameservers and a broker in each of two zones, which serve nothing. */
async function startRegion() {
  const clock = systemClock
  const log = createMemoryLog({ now: clock.now })
  const nameservers = (await freePorts(2)).map((port) => `127.0.0.1:${port}`)
  const zones = ['az-a', 'az-b']
  for (const [i, listen] of nameservers.entries()) {
    const zone = zones[i] ?? ''
    const peers = nameservers.filter((address) => address !== listen)
    const config = { ...{ name: zone, nonce: `run-${i}`, zone, listen, peers }, queues: 12, movesMax: 2 }
    const nameserver = createNameserver(config, { log, clock, logger: silentLogger })
    await nameserver.start()
    undo.push(() => nameserver.stop())
  }
  for (const zone of zones) {
    const server = await startServer('127.0.0.1:0', [])
    const shared = { kind: 'broker' as const, zone, address: server.address, addresses: nameservers }
    const membership = createMembership({ ...shared, nonce: zone, clock })
    undo.push(
      () => server.stop(),
      () => membership.stop(),
    )
    await membership.joined
  }
  const watcher = createRouteWatcher({ addresses: nameservers, clock })
  undo.push(() => watcher.stop())
  return { nameservers, clock, watcher, owned: () => queuesOf(watcher.table(), 'az-a') }
}

test('a drained zone owns no queue, and once that is taken back gets its share a few at a time', {
  timeout: 30_000,
}, async () => {
  const { nameservers, clock, watcher, owned } = await startRegion()
  await expect.poll(owned, { timeout: 10_000 }).toBe(6)
  const said: string[] = []
  const options = { nameservers, zone: 'az-a', clock, say: (text: string) => void said.push(text) }
  await drain(options)
  expect(said).toEqual([...[6, 4, 2].map((count) => `az-a still owns ${count} queues`), 'az-a owns no queue any more'])
  await expect.poll(owned).toBe(0)
  const counts: number[] = []
  watcher.onChange(() => {
    if (owned() !== (counts.at(-1) ?? 0)) counts.push(owned())
  })
  await undrain(options)
  expect(said.at(-1)).toBe('az-a may own queues again; they come back a few at a time')
  await expect.poll(owned, { timeout: 10_000 }).toBe(6)
  expect(counts).toEqual([2, 4, 6])
})

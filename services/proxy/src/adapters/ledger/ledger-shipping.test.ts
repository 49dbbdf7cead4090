import { control, type ledger } from '@tern/proto'
import { entryKind, readBlock } from '@tern/record'
import { applyRoutes, emptyRouteTable, type RouteTable } from '@tern/routing'
import { type Duplex, type DuplexListener, silentLogger } from '@tern/runtime'
import { expect, test } from 'vitest'
import { BlockBuffer } from '../../core/ledger/block-buffer.ts'
import { EntryRing } from '../../core/ledger/entry-ring.ts'
import { LedgerShipping, shipEveryMs, traceServiceOf } from './ledger-shipping.ts'

const member = (incarnation: number, zone: string, kind: control.MemberKind = control.MemberKind.TRACE) => ({
  ...{ incarnation, kind, zone, address: `${zone}:${incarnation}`, nonce: '', draining: false, detail: undefined },
})

const tableOf = (...members: ReturnType<typeof member>[]): RouteTable =>
  applyRoutes(emptyRouteTable, { snapshot: true, revision: 1, queues: 1, routes: [], members, died: [] })

type Peer = { address: string; requests: ledger.RecordRequest[]; listener?: DuplexListener<ledger.RecordResponse> }

function world(table: RouteTable) {
  const peers: Peer[] = []
  let present = table
  let changed = () => {}
  const timers: { at: number; task: () => void }[] = []
  let now = 0
  const clock = {
    now: () => now,
    soon: (task: () => void) => task(),
    after: (delay: number, task: () => void) => {
      const timer = { at: now + delay, task }
      timers.push(timer)
      return { cancel: () => void timers.splice(timers.indexOf(timer), 1) }
    },
  }
  const ring = new EntryRing(100)
  const shipping = new LedgerShipping({
    ...{ zone: 'b', ring: () => ring, buffer: new BlockBuffer(7, 'b'), clock, logger: silentLogger },
    routes: {
      table: () => present,
      onChange: (listener) => {
        changed = () => listener(present)
      },
      onDied() {},
      stop() {},
    },
    dial(address): Duplex<ledger.RecordRequest, ledger.RecordResponse> {
      const peer: Peer = { address, requests: [] }
      peers.push(peer)
      return {
        send: (request) => void peer.requests.push(request),
        end: () => peer.listener?.end('ended', false),
        listen: (listener) => {
          peer.listener = listener
        },
      }
    },
  })
  const pass = (ms: number) => {
    now += ms
    for (const timer of timers.splice(0)) {
      if (timer.at <= now) timer.task()
      else timers.push(timer)
    }
  }
  const tell = (position: number) => {
    ring.put(entryKind.acked, 0, position, 1, 1, 2, 3, 'c', 'f', 1, 0, '', undefined)
    shipping.wake()
  }
  const become = (next: RouteTable) => {
    present = next
    changed()
  }
  return { peers, pass, tell, become }
}

const positions = ({ requests }: Peer) =>
  requests.flatMap(({ block }) =>
    readBlock(Buffer.from(block))
      .entries()
      .map(({ position }) => position),
  )

test('entries leave as a block after a while, for the trace service of the zone', () => {
  const { peers, pass, tell } = world(tableOf(member(1, 'a'), member(2, 'b'), member(3, 'b', control.MemberKind.PROXY)))
  tell(5)
  tell(6)
  expect(peers.map(({ address }) => address)).toEqual(['b:2'])
  expect(peers[0]!.requests).toEqual([])
  pass(shipEveryMs)
  expect(positions(peers[0]!)).toEqual([5, 6])
})

test('when the service dies, what it did not answer goes to another one, and what it did does not', () => {
  const { peers, pass, tell } = world(tableOf(member(1, 'a'), member(2, 'b')))
  tell(5)
  pass(shipEveryMs)
  tell(6)
  pass(shipEveryMs)
  const [first] = peers
  first!.listener!.frame({ sequences: [first!.requests[0]!.sequence] })
  first!.listener!.end('gone', false)
  pass(1000)
  expect(peers[1]!.address).toBe('a:1')
  expect(positions(peers[1]!)).toEqual([6])
})

test('without a trace service entries wait for one', () => {
  const { peers, pass, tell, become } = world(tableOf())
  tell(5)
  pass(shipEveryMs)
  expect(peers).toEqual([])
  become(tableOf(member(1, 'a')))
  expect(positions(peers[0]!)).toEqual([5])
})

test('a service that takes blocks and never answers is left', () => {
  const { peers, pass, tell } = world(tableOf(member(1, 'a'), member(2, 'b')))
  tell(5)
  for (let i = 0; i < 40; i++) pass(shipEveryMs)
  expect(peers.map(({ address }) => address).slice(0, 2)).toEqual(['b:2', 'a:1'])
  expect(positions(peers[1]!)).toEqual([5])
})

test('of several services the one that failed last is the last to be asked', () => {
  const table = tableOf(member(1, 'a'), member(2, 'b'))
  expect(traceServiceOf(table, 'b')).toBe('b:2')
  expect(traceServiceOf(table, 'b', 'b:2')).toBe('a:1')
  expect(traceServiceOf(tableOf(member(2, 'b')), 'b', 'b:2')).toBe('b:2')
  expect(traceServiceOf(tableOf(), 'b')).toBeUndefined()
})

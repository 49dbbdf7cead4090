import type { deliver } from '@tern/proto'
import { unpack } from '@tern/record'
import { expect, test } from 'vitest'
import { windowBytes } from './attachment.ts'
import { Dispatcher } from './dispatcher.ts'

class Taker {
  readonly deliveries: deliver.Delivery[] = []
  deliver(delivery: deliver.Delivery): void {
    this.deliveries.push(delivery)
  }
  get positions(): number[] {
    return this.deliveries.flatMap(({ records, first, baseTimeMs }) =>
      [...unpack(records, first, baseTimeMs)].map(({ position }) => position),
    )
  }
  get ranges(): [number, number][] {
    return this.deliveries.map(({ first, last }) => [first, last])
  }
}

const message = (position: number, topic: string, bytes = 1) => ({
  ...{ position, topic, timeMs: 0, body: Buffer.alloc(bytes) },
})

function setUp(...filters: string[][]) {
  const dispatcher = new Dispatcher<Taker>(0)
  const proxies = filters.map((add) => {
    const proxy = new Taker()
    dispatcher.setInterest(proxy, { add, remove: [] })
    dispatcher.attach(proxy, 0)
    return proxy
  })
  let end = 0
  const batch = (...topics: (string | [topic: string, bytes: number])[]) => {
    dispatcher.beginBatch(end)
    for (const each of topics) {
      const [topic, bytes] = typeof each === 'string' ? [each, 1] : each
      dispatcher.offer(message(end++, topic, bytes))
    }
    dispatcher.endBatch(end)
  }
  return { dispatcher, proxies, batch }
}

test('each proxy gets one copy of what it is interested in, however many filters match (D1)', () => {
  const { proxies, batch } = setUp(['a/+', 'a/#', 'a/b'], ['x'])
  batch('a/b', 'x', 'y', 'a/c')
  expect(proxies.map(({ positions }) => positions)).toEqual([[0, 3], [1]])
})

test('a range in which nothing matched is reported as covered (D1)', () => {
  const { dispatcher, proxies, batch } = setUp(['a'])
  const [proxy] = proxies
  batch('x', 'y')
  expect(proxy?.ranges).toEqual([])
  dispatcher.reportCovered()
  expect(proxy?.ranges).toEqual([[0, 1]])
  batch('a')
  expect(proxy?.ranges).toEqual([
    [0, 1],
    [2, 2],
  ])
})

test('who comes from behind gets what it wants only, up to the end (D1)', () => {
  const { dispatcher, proxies } = setUp(['a'])
  const [proxy] = proxies as [Taker]
  dispatcher.catchUp(proxy, [message(0, 'x'), message(1, 'a'), message(3, 'x')], 5)
  expect(proxy.positions).toEqual([1])
  expect(proxy.ranges).toEqual([[0, 4]])
})

test('who is behind takes no part in a batch, and lags until it is brought up (D5)', () => {
  const { dispatcher, proxies, batch } = setUp(['a'], ['a'])
  const [behind, other] = proxies as [Taker, Taker]
  dispatcher.credit(other, 0)
  batch(['a', windowBytes])
  dispatcher.credit(other, windowBytes)
  batch('a')
  // Both windows were full after the first message; only the one that gave credit goes on.
  expect(other.positions).toEqual([0, 1])
  expect(behind.positions).toEqual([0])
  expect(dispatcher.lagging(2)).toEqual([])
  dispatcher.credit(behind, windowBytes)
  expect(dispatcher.lagging(2).map(({ recipient }) => recipient)).toEqual([behind])
  dispatcher.catchUp(behind, [message(1, 'a')], 2)
  expect(behind.positions).toEqual([0, 1])
})

test('who is gone, or wants it no more, gets nothing', () => {
  const { dispatcher, proxies, batch } = setUp(['a'], ['a', 'b'])
  const [gone, changed] = proxies as [Taker, Taker]
  dispatcher.detach(gone)
  dispatcher.setInterest(changed, { add: [], remove: ['a'] })
  batch('a', 'b')
  expect(gone.positions).toEqual([])
  expect(changed.positions).toEqual([1])
})

import { LogError } from '@tern/log'
import { append, home } from '@tern/proto'
import { expect, test } from 'vitest'
import { bodyOf, recordsOf, region } from './link.fixture.ts'

const { STORED, SUPERSEDED, NOT_OWNER } = append.AppendVerdict

async function oneBroker() {
  const world = await region()
  const broker = world.broker(1)
  await broker.own([0, 1], 10)
  return { ...world, first: broker, proxy: broker.connect(7) }
}

const sent = (sequence: number, topic = 'a/b', more = {}) =>
  bodyOf(topic, `m${sequence}`, { producer: 7, sequence, ...more })

test('what is appended is delivered to a proxy that wants it, in order and with its position', async () => {
  const { proxy } = await oneBroker()
  proxy.send({
    interests: [{ id: 1, queue: 0, add: ['a/+'], remove: [] }],
    attaches: [{ id: 1, queue: 0, after: -2, epoch: 0 }],
  })
  expect(await proxy.find('interestAnswers')).toMatchObject({ id: 1, position: -1, notOwner: false })
  expect(await proxy.append(0, 1, [sent(1), sent(2, 'x'), sent(3)])).toMatchObject({ verdict: STORED })
  await proxy.find('deliveries', ({ last }) => last === 2)
  expect(proxy.delivered(0)).toEqual([
    [0, 'a/b', 'm1'],
    [2, 'a/b', 'm3'],
  ])
})

test('a record that comes again is answered as stored and stands once in the queue (rule 1)', async () => {
  const { proxy } = await oneBroker()
  await proxy.append(0, 1, [sent(1), sent(2)])
  expect(await proxy.append(0, 1, [sent(1), sent(2), sent(3)])).toMatchObject({ verdict: STORED })
  const { delivery } = await proxy.read(0, 0, [{ filter: '#', start: -1 }])
  expect(recordsOf(delivery).map(([, , payload]) => payload)).toEqual(['m1', 'm2', 'm3'])
})

test('an append whose answer is lost is answered once the log is read, and stands once', async () => {
  const { proxy, faults } = await oneBroker()
  faults.afterAppend = (topic) => {
    if (topic !== 'tern.messages') return
    delete faults.afterAppend
    throw new LogError('unknown', 'lost')
  }
  expect(await proxy.append(0, 1, [sent(1)])).toMatchObject({ verdict: STORED })
  const { delivery } = await proxy.read(0, 0, [{ filter: '#', start: -1 }])
  expect(recordsOf(delivery)).toHaveLength(1)
})

test('a refused append is tried again, and order stays', async () => {
  const { proxy, faults } = await oneBroker()
  let refusals = 3
  faults.beforeAppend = (topic) => {
    if (topic === 'tern.messages' && refusals-- > 0) throw new LogError('refused', 'disk full')
  }
  await Promise.all([proxy.append(0, 1, [sent(1)]), proxy.append(0, 2, [sent(2)])])
  const { delivery } = await proxy.read(0, 0, [{ filter: '#', start: -1 }])
  expect(recordsOf(delivery).map(([, , payload]) => payload)).toEqual(['m1', 'm2'])
})

test('a queue of somebody else is answered NOT_OWNER', async () => {
  const { broker } = await region()
  const proxy = broker(1).connect(7)
  expect(await proxy.append(0, 1, [sent(1)])).toMatchObject({ verdict: NOT_OWNER, firstSequence: 1, count: 1 })
})

test('a record of a connection that a newer one has replaced is answered SUPERSEDED and never delivered (rule 2)', async () => {
  const { first, proxy } = await oneBroker()
  const newer = first.connect(8)
  const connection = (counter: number) => ({ connection: { epoch: 10, counter } })
  await newer.append(0, 1, [bodyOf('a', 'new', { producer: 8, sequence: 1, ...connection(2) })])
  expect(await proxy.append(0, 1, [sent(1, 'a', connection(1))])).toMatchObject({ verdict: SUPERSEDED })
  const { delivery } = await proxy.read(0, 0, [{ filter: '#', start: -1 }])
  expect(recordsOf(delivery).map(([, , payload]) => payload)).toEqual(['new'])
})

test('the next owner goes on from the log: the proxy attaches after what it has, and misses nothing', async () => {
  const { proxy, broker } = await oneBroker()
  await proxy.append(0, 1, [sent(1), sent(2)])
  const second = broker(2)
  await second.own([0, 1], 20)
  const again = second.connect(7)
  again.send({
    interests: [{ id: 1, queue: 0, add: ['a/b'], remove: [] }],
    attaches: [{ id: 1, queue: 0, after: 0, epoch: 0 }],
  })
  await again.append(0, 2, [sent(2), sent(3)])
  await again.find('deliveries', ({ last }) => last === 2)
  expect(again.delivered(0).map(([, , payload]) => payload)).toEqual(['m2', 'm3'])
})

test('an owner that does not know yet that it was replaced tells its proxies what the new one wrote', async () => {
  const { proxy, broker } = await oneBroker()
  proxy.send({
    interests: [{ id: 1, queue: 0, add: ['#'], remove: [] }],
    attaches: [{ id: 1, queue: 0, after: -2, epoch: 0 }],
  })
  const second = broker(2)
  await second.own([0, 1], 20)
  await second.connect(9).append(0, 1, [bodyOf('a', 'elsewhere', { producer: 9, sequence: 1 })])
  await proxy.append(0, 1, [sent(1)])
  await proxy.find('deliveries', ({ last }) => last === 1)
  expect(proxy.delivered(0).map(([, , payload]) => payload)).toEqual(['elsewhere', 'm1'])
})

test('an append counts only after an attach to this very takeover: a gap before it would make lost records look known (rule 1)', async () => {
  const { proxy, first } = await oneBroker()
  await proxy.append(0, 1, [sent(1)])
  await first.own([0, 1], 30)
  expect(await proxy.append(0, 3, [sent(3)])).toMatchObject({ verdict: NOT_OWNER, firstSequence: 3 })
  proxy.send({ attaches: [{ id: 1, queue: 0, after: 0, epoch: 30 }] })
  await proxy.append(0, 2, [sent(2)])
  const { delivery } = await proxy.read(0, 0, [{ filter: '#', start: -1 }])
  expect(recordsOf(delivery).map(([, , payload]) => payload)).toEqual(['m1', 'm2'])
})

test('a call to a home counts only after an attach to this very takeover: of two journal writes the second must not stand alone (D8)', async () => {
  const { proxy, first } = await oneBroker()
  const close: home.HomeCall['call'] = { $case: 'close', value: home.CloseConnection.create() }
  expect(await proxy.call('c', 0, close, 1)).toMatchObject({ status: home.HomeStatus.OK })
  await first.own([0, 1], 30)
  expect(await proxy.call('c', 0, close, 2)).toMatchObject({ status: home.HomeStatus.NOT_OWNER })
  proxy.send({ attaches: [{ id: 1, queue: 0, after: -1, epoch: 30 }] })
  expect(await proxy.call('c', 0, close, 3)).toMatchObject({ status: home.HomeStatus.OK })
})

test('who attaches for a takeover that this owner has not heard of yet is told so, and attaches when it has', async () => {
  const { proxy, first } = await oneBroker()
  proxy.send({ attaches: [{ id: 1, queue: 0, after: -2, epoch: 30 }] })
  expect(await proxy.find('attachAnswers')).toMatchObject({ notOwner: true })
  await first.own([0, 1], 30)
  proxy.send({ attaches: [{ id: 1, queue: 0, after: -2, epoch: 30 }] })
  expect(await proxy.find('attachAnswers', ({ notOwner }) => !notOwner)).toMatchObject({ epoch: 30 })
})

test('an open QoS 2 exchange is found until its release marker (rule 3)', async () => {
  const { proxy } = await oneBroker()
  const session = { epoch: 10, counter: 1 }
  const exchange = { qos: 2, qosTwo: { session, packetId: 5 }, connection: session }
  const ask = async (id: number) => {
    proxy.send({ openExchangesReads: [{ id, clientId: 'c', session, queues: [0, 1] }] })
    return (await proxy.find('openExchangesAnswers', (answer) => answer.id === id)).open
  }
  await proxy.append(1, 1, [sent(1, 'a', exchange), sent(2, 'a', exchange)])
  expect(await ask(1)).toEqual([{ packetId: 5, queue: 1 }])
  const { delivery } = await proxy.read(1, 0, [{ filter: '#', start: -1 }])
  expect(recordsOf(delivery)).toHaveLength(1)
  await proxy.append(1, 3, [bodyOf(null, '', { producer: 7, sequence: 3, release: true, ...exchange })])
  expect(await ask(2)).toEqual([])
})

test('a publisher that repeats through another proxy is told where its first copies stand, and stands there once (rule 8)', async () => {
  const { first, proxy } = await oneBroker()
  const key = (sequence: number) => ({ publisher: { name: 'producer/p', sequence } })
  const told = { verdict: STORED, basePosition: 0, count: 2 }
  expect(await proxy.append(0, 1, [sent(1, 'a', key(1)), sent(2, 'a', key(2))])).toMatchObject({
    ...told,
    repeated: false,
  })
  const other = first.connect(8)
  const again = (sequence: number, of: number) => bodyOf('a', `m${of}`, { producer: 8, sequence, ...key(of) })
  expect(await other.append(0, 1, [again(1, 1), again(2, 2)])).toMatchObject({ ...told, repeated: true })
  expect(await other.append(0, 3, [again(3, 3)])).toMatchObject({ basePosition: 2, count: 1, repeated: false })
  const { delivery } = await proxy.read(0, 0, [{ filter: '#', start: -1 }])
  expect(recordsOf(delivery).map(([, , payload]) => payload)).toEqual(['m1', 'm2', 'm3'])
  other.send({ publisherReads: [{ id: 1, queue: 0, publisher: 'producer/p' }] })
  expect(await other.find('publisherAnswers')).toEqual({ id: 1, notOwner: false, sequence: 3 })
})

test('how far a publisher has come, another owner says as well (rule 8)', async () => {
  const { proxy, broker } = await oneBroker()
  await proxy.append(0, 1, [sent(1, 'a', { publisher: { name: 'producer/p', sequence: 5 } })])
  const second = broker(2)
  await second.own([0, 1], 20)
  const other = second.connect(8)
  other.send({ publisherReads: [{ id: 1, queue: 0, publisher: 'producer/p' }] })
  expect(await other.find('publisherAnswers')).toMatchObject({ sequence: 5 })
})

test('retained messages are read by filter, a newer value replaces and an empty one removes [MQTT5-3.3.1-5] [MQTT5-3.3.1-6]', async () => {
  const { proxy } = await oneBroker()
  const retain = { retain: true }
  await proxy.append(0, 1, [sent(1, 'a/1', retain), sent(2, 'a/2', retain), sent(3, 'a/1', retain), sent(4, 'b')])
  await proxy.append(0, 5, [bodyOf('a/2', '', { producer: 7, sequence: 5, retain: true })])
  proxy.send({ retainedReads: [{ id: 1, queue: 0, filter: 'a/#', through: 100, afterTopic: '' }] })
  const answer = await proxy.find('retainedAnswers')
  const { records, baseTimeMs, count } = answer
  expect(count).toBe(1)
  expect(recordsOf({ queue: 0, first: 0, last: 0, baseTimeMs, count, records })).toEqual([[2, 'a/1', 'm3']])
})

test('what a proxy whose death is recorded still sends is not listened to', async () => {
  const { first, dead } = await oneBroker()
  dead.add(9)
  const proxy = first.connect(9)
  await expect(proxy.append(0, 1, [sent(1)])).rejects.toThrow('ended')
})

test('a window that is full stops delivery, and credit lets it go on where it stopped', async () => {
  const { proxy } = await oneBroker()
  proxy.send({
    interests: [{ id: 1, queue: 0, add: ['#'], remove: [] }],
    attaches: [{ id: 1, queue: 0, after: -2, epoch: 0 }],
  })
  const large = 'x'.repeat(300 * 1024)
  for (let sequence = 1; sequence <= 5; sequence++) {
    await proxy.append(0, sequence, [bodyOf('a', large, { producer: 7, sequence })])
  }
  const before = proxy.delivered(0).length
  expect(before).toBeLessThan(5)
  proxy.send({ credits: [{ queue: 0, bytes: 1024 * 1024 }] })
  await proxy.find('deliveries', ({ last }) => last === 4)
  expect(proxy.delivered(0).map(([position]) => position)).toEqual([0, 1, 2, 3, 4])
})

test('each record of a shared subscription is leased to one proxy, and to another one when it comes back', async () => {
  const { first, proxy } = await oneBroker()
  const other = first.connect(8)
  const join = { queue: 0, group: '$share/g/a/#', held: [] }
  proxy.send({ groupJoins: [{ id: 1, credit: 1, ...join }] })
  await proxy.find('groupJoinAnswers')
  other.send({ groupJoins: [{ id: 1, credit: 1, ...join }] })
  await other.find('groupJoinAnswers')
  await proxy.append(0, 1, [sent(1, 'a/1'), sent(2, 'b'), sent(3, 'a/3'), sent(4, 'a/4')])
  expect((await proxy.find('groupDeliveries')).count).toBe(1)
  const second = await other.find('groupDeliveries')
  expect(recordsOf({ ...second, first: 0, last: 0 })).toEqual([[2, 'a/3', 'm3']])
  proxy.send({ groupSettles: [{ queue: 0, group: join.group, settled: [], returned: [0], unused: [] }] })
  other.send({ groupSettles: [{ queue: 0, group: join.group, settled: [2], returned: [], unused: [] }] })
  const leased = async () =>
    [...proxy.received, ...other.received].flatMap(({ groupDeliveries }) =>
      groupDeliveries.flatMap((each) => recordsOf({ ...each, first: 0, last: 0 }).map(([position]) => position)),
    )
  await expect.poll(leased).toHaveLength(4)
  expect((await leased()).sort()).toEqual([0, 0, 2, 3])
})

test('the progress of a shared subscription survives its owner', async () => {
  const { first, proxy, broker } = await oneBroker()
  const join = { queue: 0, group: '$share/g/#', held: [] }
  proxy.send({ groupJoins: [{ id: 1, credit: 10, ...join }] })
  await proxy.find('groupJoinAnswers')
  await proxy.append(0, 1, [sent(1), sent(2), sent(3)])
  await proxy.find('groupDeliveries')
  proxy.send({ groupSettles: [{ queue: 0, group: join.group, settled: [0, 1], returned: [], unused: [] }] })
  const kept = () => {
    const entry = first.homes.store(0)?.get('group/$share/g/#')
    return entry?.$case === 'group' ? entry.value.progress?.low : undefined
  }
  await expect.poll(kept, { timeout: 3_000 }).toBe(1)
  const second = broker(2)
  await second.own([0, 1], 20)
  const again = second.connect(8)
  again.send({ groupJoins: [{ id: 1, credit: 10, ...join }] })
  const delivery = await again.find('groupDeliveries')
  expect(recordsOf({ ...delivery, first: 0, last: 0 }).map(([position]) => position)).toEqual([2])
})

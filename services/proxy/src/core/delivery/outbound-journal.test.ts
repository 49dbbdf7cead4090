import { reasonCode } from '@tern/mqtt'
import { state } from '@tern/proto'
import { expect, test } from 'vitest'
import { ProxyCounters } from '../counters.ts'
import { client, FakeQueue, settled } from './delivery.fixture.ts'
import type { DeliveryOptions } from './delivery-options.ts'
import { InFlightWindow } from './in-flight.ts'
import { OutboundJournal } from './outbound-journal.ts'
import { Outbox } from './outbox.ts'

const { PUBLISHED, RELEASED, DONE } = state.JournalPhase

test('PUBRELs are repeated in the order of their exchanges, also where a packet id was in use before (MQTT 5, 4.6)', async () => {
  const cursor = {
    progress: [],
    inFlight: [{ packetId: 5, queue: 0, position: 0, phase: PUBLISHED, qos: 1, group: '' }],
  }
  const journal = [
    { packetId: 7, queue: 0, position: 1, phase: RELEASED, qos: 2, group: '' },
    { packetId: 5, queue: 0, position: 2, phase: RELEASED, qos: 2, group: '' },
  ]
  const { delivery, packets, subscribe } = client(new FakeQueue(), { present: true, journalled: true, journal, cursor })
  subscribe('t', { starts: [{ queue: 0, position: -1 }] })
  delivery.resume()
  await settled()
  expect(packets()).toMatchObject([
    { cmd: 'pubrel', messageId: 7 },
    { cmd: 'pubrel', messageId: 5 },
  ])
})

test('after PUBREC only PUBREL is repeated (D8)', async () => {
  const queue = new FakeQueue()
  queue.publish(['0', { qos: 2 }])
  const journal = [{ packetId: 5, queue: 0, position: 0, phase: RELEASED, qos: 2, group: '' }]
  const { delivery, packets, subscribe } = client(queue, { present: true, journalled: true, journal })
  subscribe('t', { starts: [{ queue: 0, position: -1 }] })
  delivery.resume()
  await settled()
  expect(packets()).toMatchObject([{ cmd: 'pubrel', messageId: 5 }])
})

test('QoS 2 of a session that lasts: journal before PUBLISH, RELEASED before PUBREL, and order kept meanwhile (D8)', async () => {
  const queue = new FakeQueue()
  const { ack, journal, packets, subscribe, texts } = client(queue, { journalled: true })
  subscribe('t')
  queue.publish(['two', { qos: 2 }], 'one')
  await settled()
  expect(texts()).toEqual([])
  expect(journal[0]?.entries).toMatchObject([{ packetId: 1, position: 0, phase: PUBLISHED, qos: 2 }])
  journal[0]?.done(true)
  expect(texts()).toEqual(['two', 'one'])
  ack('pubrec', 1)
  await settled()
  expect(packets().map(({ cmd }) => cmd)).toEqual(['publish', 'publish'])
  expect(journal[1]?.entries).toMatchObject([{ packetId: 1, phase: RELEASED }])
  journal[1]?.done(true)
  expect(packets().at(-1)).toMatchObject({ cmd: 'pubrel', messageId: 1 })
})

test('one write at a time: what came meanwhile shares the next, and nothing waits for a write that is not its own (D8)', async () => {
  const queue = new FakeQueue()
  const { journal, subscribe, texts } = client(queue, { journalled: true })
  subscribe('t')
  for (const text of ['one', 'two', 'three']) {
    queue.publish([text, { qos: 2 }])
    await settled()
  }
  expect(journal.map(({ entries }) => entries.length)).toEqual([1])
  journal[0]?.done(true)
  expect(texts()).toEqual(['one'])
  queue.publish(['four', { qos: 2 }])
  await settled()
  expect(journal.map(({ entries }) => entries.length)).toEqual([1, 2])
  journal[1]?.done(true)
  expect(texts()).toEqual(['one', 'two', 'three'])
  journal[2]?.done(true)
  expect(texts()).toEqual(['one', 'two', 'three', 'four'])
})

test('PUBRELs leave in the order of their PUBRECs, whichever is durable first [MQTT5-4.6.0-4]', async () => {
  const queue = new FakeQueue()
  const { subscribe, packets, ack, journal } = client(queue, { journalled: true })
  subscribe('t')
  queue.publish(['one', { qos: 2 }], ['two', { qos: 2 }], ['three', { qos: 2 }])
  await settled()
  journal.splice(0)[0]?.done(true)
  for (const packetId of [1, 2, 3]) {
    ack('pubrec', packetId)
    await settled()
  }
  const [first, second, third] = journal
  const released = () => packets().flatMap((packet) => (packet.cmd === 'pubrel' ? [packet.messageId] : []))
  third?.done(true)
  second?.done(false)
  expect(released()).toEqual([])
  first?.done(true)
  expect(released()).toEqual([1, 3])
})

test('the PUBRECs of one turn share a write, and their PUBRELs leave in order', async () => {
  const queue = new FakeQueue()
  const { subscribe, packets, ack, journal } = client(queue, { journalled: true })
  subscribe('t')
  queue.publish(['one', { qos: 2 }], ['two', { qos: 2 }], ['three', { qos: 2 }])
  await settled()
  journal.splice(0)[0]?.done(true)
  for (const packetId of [2, 1, 3]) ack('pubrec', packetId)
  await settled()
  expect(journal.map(({ entries }) => entries.map(({ packetId }) => packetId))).toEqual([[2, 1, 3]])
  journal[0]?.done(true)
  expect(packets().flatMap((packet) => (packet.cmd === 'pubrel' ? [packet.messageId] : []))).toEqual([2, 1, 3])
})

test('the journal forgets an exchange only after a durable cursor covers it', async () => {
  const queue = new FakeQueue()
  const { ack, delivery, journal, subscribe } = client(queue, { journalled: true })
  subscribe('t')
  const publish = async (text: string, packetId: number) => {
    queue.publish([text, { qos: 2 }])
    await settled()
    journal.at(-1)?.done(true)
    ack('pubrec', packetId)
    await settled()
    journal.at(-1)?.done(true)
    ack('pubcomp', packetId)
  }
  await publish('a', 1)
  await publish('b', 2)
  const phases = () => journal.flatMap(({ entries }) => entries.map(({ packetId, phase }) => [packetId, phase]))
  expect(phases()).not.toContainEqual([1, DONE])
  delivery.checkpoint().durable()
  await publish('c', 3)
  expect(phases()).toContainEqual([1, DONE])
  expect(phases()).not.toContainEqual([3, DONE])
})

test('a PUBREC of failure ends the exchange, an unknown one is answered 0x92', () => {
  const queue = new FakeQueue()
  const { ack, delivery, packets, subscribe } = client(queue)
  subscribe('t')
  queue.publish(['x', { qos: 2 }])
  ack('pubrec', 1, reasonCode.quotaExceeded)
  expect(delivery.window.count).toBe(0)
  ack('pubrec', 9)
  expect(packets().at(-1)).toMatchObject({ cmd: 'pubrel', messageId: 9, reasonCode: 0x92 })
})

test('exchanges that end while a checkpoint is under way ask for the next one as soon as it is durable', () => {
  let asked = 0
  const options = { journalled: true, checkpointWanted: () => asked++, writeJournal() {} } as unknown as DeliveryOptions
  const window = new InFlightWindow(4_096)
  const journal = new OutboundJournal(options, window, new Outbox(() => {}, new ProxyCounters()))
  const end = (count: number) => {
    for (let i = 0; i < count; i++) journal.end(window.begin(0, i, 2, false))
  }
  end(511)
  expect(asked).toBe(0)
  end(1)
  expect(asked).toBe(1)
  const durable = journal.covered()
  end(600)
  const before = asked
  durable()
  expect(asked).toBe(before + 1)
  journal.covered()()
  expect(asked).toBe(before + 1)
})

test('a checkpoint that the end of an exchange asks for has that exchange in its cursor, also of an earlier connection', async () => {
  const count = 512
  const queue = new FakeQueue()
  queue.publish(...Array.from({ length: count + 1 }, (): [string, object] => ['x', { qos: 2 }]))
  const journal = Array.from({ length: count }, (_, i) => {
    return { packetId: i + 1, queue: 0, position: i + 1, phase: RELEASED, qos: 2, group: '' }
  })
  // The session has not read on to what was in flight.
  const region = { ...queue.region, read: () => new Promise<never>(() => {}) }
  const cursor = { progress: [{ queue: 0, low: -1, settled: [] }], inFlight: [] }
  const asked: state.Cursor[] = []
  const checkpointWanted = () => void asked.push(delivery.checkpoint().cursor)
  const options = { ...{ present: true, journalled: true }, journal, cursor, region, checkpointWanted }
  const { delivery, subscribe, ack } = client(queue, options)
  subscribe('t', { starts: [{ queue: 0, position: -1 }] })
  delivery.resume()
  await settled()
  for (const { packetId } of journal) ack('pubcomp', packetId)
  expect(asked).toHaveLength(1)
  expect(asked[0]?.progress[0]).toMatchObject({ low: -1 })
  expect(asked[0]?.progress[0]?.settled.map(({ last }) => last)).toEqual(journal.map(({ position }) => position))
})

test('what was in flight goes first, also when its owner has nothing to read at first', async () => {
  const queue = new FakeQueue()
  queue.publish(['a', { qos: 2 }], ['b', { qos: 2 }])
  let reads = 0
  const region: typeof queue.region = {
    ...queue.region,
    read: async (of, from, filters) =>
      reads++ === 0
        ? { queue: of, first: from, last: from - 1, messages: [], gap: false }
        : queue.region.read(of, from, filters),
  }
  const clock = {
    now: () => 0,
    soon: (task: () => void) => queueMicrotask(task),
    after(_: number, task: () => void) {
      queueMicrotask(task)
      return { cancel() {} }
    },
  }
  const journal = [{ packetId: 7, queue: 0, position: 0, phase: PUBLISHED, qos: 2, group: '' }]
  const cursor = { progress: [{ queue: 0, low: -1, settled: [] }], inFlight: [] }
  const { delivery, subscribe, texts } = client(queue, { present: true, journal, cursor, region, clock })
  subscribe('t', { starts: [{ queue: 0, position: -1 }] })
  delivery.resume()
  await settled()
  expect(texts()).toEqual(['a', 'b'])
})

test('a PUBREC right before the end of the connection is written all the same', async () => {
  const queue = new FakeQueue()
  const { subscribe, ack, journal, delivery } = client(queue, { journalled: true })
  subscribe('t')
  queue.publish(['x', { qos: 2 }])
  await settled()
  journal.splice(0)[0]?.done(true)
  ack('pubrec', 1, reasonCode.quotaExceeded)
  delivery.close()
  expect(journal.map(({ entries }) => entries)).toMatchObject([[{ packetId: 1, phase: RELEASED }]])
})

test('a packet id that went to a message of QoS 1 while the home still had an exchange that was over names that message', async () => {
  const queue = new FakeQueue()
  queue.publish(['old', { qos: 2 }], 'new')
  const inFlight = [{ packetId: 5, queue: 0, position: 1, phase: PUBLISHED, qos: 1, group: '' }]
  const cursor = { progress: [{ queue: 0, low: 0, settled: [] }], inFlight }
  const journal = [{ packetId: 5, queue: 0, position: 0, phase: RELEASED, qos: 2, group: '' }]
  const c = client(queue, { present: true, journalled: true, journal, cursor })
  c.subscribe('t', { starts: [{ queue: 0, position: -1 }] })
  c.delivery.resume()
  await settled()
  expect(c.packets()).toMatchObject([{ cmd: 'publish', messageId: 5, dup: true, payload: Buffer.from('new') }])
  queue.publish(['next', { qos: 2 }])
  await settled()
  expect(c.journal[0]?.entries[0]).toMatchObject({ packetId: 5, position: 0, phase: DONE })
})

test('a message of QoS 1 whose packet id went to a later exchange is sent anew', async () => {
  const queue = new FakeQueue()
  queue.publish('first', ['later', { qos: 2 }])
  const inFlight = [{ packetId: 5, queue: 0, position: 0, phase: PUBLISHED, qos: 1, group: '' }]
  const cursor = { progress: [{ queue: 0, low: -1, settled: [] }], inFlight }
  const journal = [{ packetId: 5, queue: 0, position: 1, phase: RELEASED, qos: 2, group: '' }]
  const c = client(queue, { present: true, journalled: true, journal, cursor })
  c.subscribe('t', { starts: [{ queue: 0, position: -1 }] })
  c.delivery.resume()
  await settled()
  expect(c.packets()[0]).toMatchObject({ cmd: 'pubrel', messageId: 5 })
  expect(c.texts()).toEqual(['first'])
})

import { reasonCode } from '@tern/mqtt'
import { state } from '@tern/proto'
import { expect, test } from 'vitest'
import { type Client, client, FakeQueue, settled } from '../delivery/delivery.fixture.ts'

const { PUBLISHED, RELEASED, DONE } = state.JournalPhase
const group = '$share/g/t'
const entry = (packetId: number, position: number, phase: state.JournalPhase, of = group) => ({
  ...{ packetId, queue: 0, position, phase, qos: 2, group: of },
})

/** A member, and QoS 2 records that the owner leases to its proxy. */
function member(options: Parameters<typeof client>[1] = {}, count = 1) {
  const queue = new FakeQueue()
  const made = client(queue, { journalled: true, ...options })
  made.subscribe(group)
  for (let i = 0; i < count; i++) queue.append([`${i}`, { qos: 2 }])
  const lease = () => queue.groups.leased(0, group, queue.messages)
  const answer = async (verdict: 'taken' | 'refused' | 'superseded') => {
    queue.takes.shift()?.answer(verdict)
    await settled()
  }
  return { queue, lease, answer, ...made }
}

/** A session that goes on, with what its owner and its journal know. */
async function resumed(
  taken: readonly number[],
  journal: state.JournalEntry[],
  options: Parameters<typeof client>[1] = {},
) {
  const queue = new FakeQueue()
  for (let i = 0; i < 5; i++) queue.append([`${i}`, { qos: 2 }])
  queue.taken = taken.map((position) => ({ group, position }))
  const made = client(queue, { journalled: true, present: true, journal, ...options })
  made.subscribe(group)
  await made.delivery.attachShared([group])
  made.delivery.resume()
  await settled()
  return { queue, ...made }
}

const writtenPhases = ({ journal }: Pick<Client, 'journal'>) =>
  journal.flatMap(({ entries }) => entries.map(({ packetId, phase }) => [packetId, phase]))

async function durable({ journal }: Pick<Client, 'journal'>): Promise<void> {
  for (const { done } of journal.splice(0)) done(true)
  await settled()
}

test('a QoS 2 record of a group is taken, then journalled, and then sent (D10, D8)', async () => {
  const m = member()
  m.lease()
  await settled()
  expect([m.queue.takes.length, m.journal.length, m.texts()]).toEqual([1, 0, []])
  await m.answer('taken')
  expect(m.journal[0]?.entries).toEqual([entry(1, 0, PUBLISHED)])
  expect(m.texts()).toEqual([])
  await durable(m)
  expect(m.publishes()).toMatchObject([{ qos: 2, messageId: 1, dup: false }])
})

test('the owner is told when PUBREC is durable, and the journal forgets when that is, too', async () => {
  const m = member()
  m.lease()
  await m.answer('taken')
  await durable(m)
  m.ack('pubrec', 1)
  await settled()
  expect(m.queue.ends).toEqual([])
  await durable(m)
  expect(m.queue.ends).toMatchObject([{ group, position: 0 }])
  expect(m.packets().at(-1)).toMatchObject({ cmd: 'pubrel', messageId: 1 })
  m.ack('pubcomp', 1)
  m.queue.append(['next', { qos: 2 }])
  m.queue.groups.leased(0, group, m.queue.messages.slice(1))
  await m.answer('taken')
  expect(writtenPhases(m)).toEqual([[2, PUBLISHED]])
  await durable(m)
  m.queue.ends[0]?.durable()
  await settled()
  m.ack('pubrec', 2)
  await settled()
  expect(writtenPhases(m)).toEqual([
    [1, DONE],
    [2, RELEASED],
  ])
})

test('a PUBREC of failure ends the record for all [MQTT5-4.8.2-6]', async () => {
  const m = member()
  m.lease()
  await m.answer('taken')
  await durable(m)
  m.ack('pubrec', 1, reasonCode.quotaExceeded)
  await settled()
  await durable(m)
  expect(m.queue.ends).toMatchObject([{ position: 0 }])
  expect(m.delivery.window.count).toBe(0)
})

test('what the owner does not give is given back, and its packet id is free', async () => {
  const m = member()
  m.lease()
  expect(m.ack('pubrec', 1)).toBeUndefined()
  await m.answer('refused')
  expect(m.queue.returned).toEqual([0])
  expect([m.delivery.window.count, m.texts()]).toEqual([0, []])
})

test('who hears that its client has a newer connection gives back, and says so', async () => {
  let superseded = 0
  const m = member({ onSuperseded: () => superseded++ })
  m.lease()
  await m.answer('superseded')
  expect([superseded, m.queue.returned]).toEqual([1, [0]])
})

test('QoS 1, of the record or of the member, is leased and settled and no more', async () => {
  const m = member({}, 0)
  m.queue.append('one')
  m.lease()
  const low = client(m.queue, { journalled: true })
  m.delivery.unsubscribe(group)
  low.subscribe(group, { qos: 1 })
  m.queue.append(['two', { qos: 2 }])
  m.queue.groups.leased(0, group, m.queue.messages.slice(1))
  m.ack('puback', 1)
  low.ack('puback', 1)
  expect([m.texts(), low.texts()]).toEqual([['one'], ['two']])
  expect([m.queue.takes, m.queue.settled]).toEqual([[], [0, 1]])
})

test('when the connection of a lasting session ends, what it has taken stays its own', async () => {
  const m = member({}, 2)
  m.lease()
  await m.answer('taken')
  await durable(m)
  m.delivery.close()
  // The second one was asked for, and is the session's when the answer comes.
  await m.answer('taken')
  expect([m.queue.returned, m.queue.ends]).toEqual([[], []])
})

test('what a session takes that ends with its connection ends with it [MQTT5-4.8.2-5]', async () => {
  const m = member({ journalled: false }, 2)
  m.lease()
  await m.answer('taken')
  expect(m.texts()).toEqual(['0'])
  m.delivery.close()
  expect(m.queue.ends).toMatchObject([{ position: 0 }])
  await m.answer('taken')
  expect(m.queue.ends).toMatchObject([{ position: 0 }, { position: 1 }])
  expect(m.queue.returned).toEqual([])
})

test('a session that comes back goes on with what it took: again, PUBREL only, or for the first time [MQTT5-4.8.2-4]', async () => {
  const m = await resumed([1, 2, 3], [entry(7, 1, PUBLISHED), entry(8, 2, RELEASED)])
  expect(m.packets()).toMatchObject([
    { cmd: 'pubrel', messageId: 8 },
    { cmd: 'publish', messageId: 7, dup: true },
  ])
  expect(m.texts()).toEqual(['1'])
  expect(m.queue.ends).toMatchObject([{ position: 2 }])
  expect(m.journal[0]?.entries).toEqual([entry(1, 3, PUBLISHED)])
  await durable(m)
  expect(m.publishes().at(-1)).toMatchObject({ messageId: 1, dup: false })
  expect(m.texts()).toEqual(['1', '3'])
})

test('what the owner has ended is not sent again, and leaves the journal', async () => {
  const m = await resumed([], [entry(7, 1, PUBLISHED)])
  expect([m.packets(), m.delivery.window.count]).toEqual([[], 0])
  m.queue.groups.leased(0, group, m.queue.messages.slice(4))
  m.queue.takes[0]?.answer('taken')
  await settled()
  expect(writtenPhases(m)).toEqual([
    [7, DONE],
    [1, PUBLISHED],
  ])
})

test('one position can be in flight for a group and for the session’s own subscription', async () => {
  const m = await resumed([1], [entry(7, 1, PUBLISHED), entry(8, 1, PUBLISHED, '')])
  expect(m.publishes()).toMatchObject([
    { messageId: 7, dup: true },
    { messageId: 8, dup: true },
  ])
})

test('a new owner tells what this connection knows already, and what an earlier one took late', async () => {
  const m = await resumed([1], [])
  await durable(m)
  expect(m.texts()).toEqual(['1'])
  m.queue.groups.leased(0, group, m.queue.messages.slice(2, 3))
  m.queue.list?.([1, 2, 4].map((position) => ({ group, position })))
  await settled()
  await durable(m)
  expect(m.texts()).toEqual(['1', '4'])
  m.queue.takes[0]?.answer('taken')
  await settled()
  await durable(m)
  expect(m.texts()).toEqual(['1', '4', '2'])
})

test('what was never sent waits for room', async () => {
  const m = await resumed([0, 1, 2], [], { receiveMaximum: 2 })
  await durable(m)
  expect(m.texts()).toEqual(['0', '1'])
  m.ack('pubrec', 1)
  await settled()
  await durable(m)
  m.ack('pubcomp', 1)
  await settled()
  await durable(m)
  expect(m.texts()).toEqual(['0', '1', '2'])
})

test('what retention took before it was sent is ended', async () => {
  const queue = new FakeQueue()
  for (const text of ['0', '1']) queue.append([text, { qos: 2 }])
  queue.taken = [{ group, position: 0 }]
  queue.messages.shift()
  const made = client(queue, { journalled: true, present: true })
  made.subscribe(group)
  await made.delivery.attachShared([group])
  made.delivery.resume()
  await settled()
  expect(queue.ends).toMatchObject([{ position: 0 }])
  expect(made.texts()).toEqual([])
})

import type { Log } from '@tern/log'
import { append, control, type envelope, home } from '@tern/proto'
import { encodeBatch, encodeBody } from '@tern/record'
import { applyRoutes, emptyRouteTable, partitionOf, type RouteTable } from '@tern/routing'
import { type Clock, silentLogger, systemClock } from '@tern/runtime'
import { expect, test } from 'vitest'
import { bodyOf, type FakeBroker, type FakeProxy, region } from '../link/link.fixture.ts'
import { Forgetter, forgetting } from './forgetter.ts'

const queue = 0
const revision = 50
const connection = (counter: number) => ({ epoch: 10, counter })

function tableOf(proxies: readonly number[]): RouteTable {
  const members = proxies.map((incarnation) => {
    return {
      incarnation,
      kind: control.MemberKind.PROXY,
      zone: '',
      address: '',
      nonce: '',
      draining: false,
      detail: undefined,
    }
  })
  return applyRoutes(emptyRouteTable, { snapshot: true, revision, queues: 2, routes: [], members, died: [] })
}

function forgetterOf(broker: FakeBroker, log: Log, proxies: readonly number[]) {
  const forgetter = new Forgetter({
    ...{ log, clock: systemClock, logger: silentLogger, askHomes: broker.askHomes },
    runners: () => [],
    table: () => tableOf(proxies),
    askClients: (...asked) => broker.links.askClients(...asked),
  })
  return { pass: () => forgetter.pass(broker.ownership.get(queue)!) }
}

/** Answers the next question: so many of its records are answered, and it has these clients. */
async function tells(proxy: FakeProxy, answeredThrough: number, held: readonly string[] = []): Promise<void> {
  const { id, clientIds } = await proxy.find('clientsQuestions')
  proxy.send({ clientsAnswers: [{ id, held: held.map((clientId) => clientIds.indexOf(clientId)), answeredThrough }] })
}

/** Client c had connection 1 at proxy 7 and has had connection 2 at proxy 8; both are attached. */
async function world() {
  const { log, broker } = await region()
  const owner = broker(1)
  await owner.own([0, 1], 10)
  const [seven, eight] = [owner.connect(7), owner.connect(8)]
  await seven.append(queue, 1, [bodyOf('a', 'old', { producer: 7, sequence: 1, connection: connection(1) })])
  await eight.append(queue, 1, [bodyOf('a', 'new', { producer: 8, sequence: 1, connection: connection(2) })])
  const { state } = owner.ownership.get(queue)!
  const write = (payload: string, fields: Partial<envelope.Envelope>) =>
    log.append('tern.messages', queue, encodeBatch([bodyOf('a', payload, fields)]))
  return { log, broker, owner, state, seven, eight, write }
}

test('a connection number is forgotten when every live proxy says that it has nothing of the client (rule 4)', async () => {
  const { log, owner, state, seven, eight } = await world()
  const [forgotten] = await Promise.all([forgetterOf(owner, log, [7, 8]).pass(), tells(seven, 1), tells(eight, 1)])
  expect([forgotten, state.connections.size]).toEqual([1, 0])
})

test('nothing is forgotten while a live proxy has something of the client, or is not attached, or has gone (rule 4)', async () => {
  const { log, owner, state, seven, eight } = await world()
  const said = [tells(seven, 1, ['c']), tells(eight, 1)]
  expect(await Promise.all([forgetterOf(owner, log, [7, 8]).pass(), ...said])).toEqual([0, undefined, undefined])
  owner.connect(9)
  await expect(forgetterOf(owner, log, [7, 8, 9]).pass()).rejects.toThrow('proxy 9 is not attached')
  const unanswered = expect(forgetterOf(owner, log, [7]).pass()).rejects.toThrow('proxy 7 did not answer')
  await seven.find('clientsQuestions', ({ id }) => id === 3)
  seven.end()
  await unanswered
  expect([...state.connections]).toEqual([['c', connection(2)]])
})

test('a route table that lags behind the log might not know a proxy: nothing is forgotten by it', async () => {
  const { log, owner, state } = await world()
  const event = encodeBody(Buffer.from('k'), null, [])
  for (let i = 0; i < revision + 2; i++) await log.append('tern.control', 0, encodeBatch([event]))
  await expect(forgetterOf(owner, log, []).pass()).rejects.toThrow('lags')
  expect(state.connections.size).toBe(1)
})

test('a client that is seen again after the answers is kept', async () => {
  const { log, owner, state, seven, eight } = await world()
  const pass = forgetterOf(owner, log, [7, 8]).pass()
  await tells(seven, 1)
  await eight.append(queue, 2, [bodyOf('a', 'newer', { producer: 8, sequence: 2, connection: connection(3) })])
  await tells(eight, 2)
  await pass
  expect([...state.connections]).toEqual([['c', connection(3)]])
})

test('what an earlier owner still writes of a client that was forgotten is void (rule 4)', async () => {
  const { log, owner, state, seven, eight, write } = await world()
  // Answered "superseded", so never written here; an earlier owner has a copy.
  const late = { sequence: 2, connection: connection(1) }
  const { verdict } = await seven.append(queue, 2, [bodyOf('a', 'late', { producer: 7, ...late })])
  expect(verdict).toBe(append.AppendVerdict.SUPERSEDED)
  await Promise.all([forgetterOf(owner, log, [7, 8]).pass(), tells(seven, 2), tells(eight, 1)])
  const before = state.next
  await write('late', { producer: 7, ...late })
  // Of a proxy that died before the queue ever heard of it.
  await write('later', { producer: 6, ...late })
  await owner.ownership.compareNow([queue])
  expect([...state.voidPositions.keys()]).toEqual([before, before + 1])
  expect(await seven.append(queue, 3, [bodyOf('a', 'next', { producer: 7, sequence: 3 })])).toMatchObject({
    verdict: append.AppendVerdict.STORED,
  })
  expect(state.voidPositions.size).toBe(2)
})

test('the next owner judges as the one that forgot did, though its snapshot knows more', async () => {
  const { log, broker, owner, seven, eight, write } = await world()
  await Promise.all([forgetterOf(owner, log, [7, 8]).pass(), tells(seven, 1), tells(eight, 1)])
  await write('late', { producer: 6, sequence: 1, connection: connection(1) })
  const next = broker(2)
  await next.own([0, 1], 20)
  await owner.ownership.compareNow([queue])
  const runners = [owner, next].map(({ ownership }) => ownership.get(queue)!)
  expect(runners.map(({ state }) => state.connections.size)).toEqual([0, 1])
  expect(runners[0]?.state.voidPositions).toEqual(runners[1]?.state.voidPositions)
})

test('an open exchange is kept for an offline session that lasts, and goes when the session has ended (rule 3)', async () => {
  const { log, owner, state, seven, eight } = await world()
  const at = partitionOf('d', 2)
  const request = home.OpenSession.create({ expirySeconds: 60 })
  const { opened } = await seven.call('d', at, { $case: 'open', value: request }, 1)
  const session = opened!.session!
  const close = (id: number, number: envelope.ConnectionNumber | undefined, expirySeconds: number) =>
    seven.call('d', at, { $case: 'close', value: { ...bare, connection: number, expirySeconds } }, id)
  const bare = { willApplies: false, cursor: undefined }
  const exchange = { qos: 2, connection: session, qosTwo: { session, packetId: 5 } }
  await seven.append(queue, 2, [bodyOf('a', 'open', { clientId: 'd', producer: 7, sequence: 2, ...exchange })])
  await close(2, session, 60)
  await Promise.all([forgetterOf(owner, log, [7, 8]).pass(), tells(seven, 2), tells(eight, 1)])
  expect([state.connections.size, [...state.openExchanges.keys()]]).toEqual([0, ['d']])

  const again = await seven.call('d', at, { $case: 'open', value: request }, 3)
  await close(4, again.opened?.connection, 0)
  const [seen, seenToo] = [seven.received.length, eight.received.length]
  seven.received.splice(0, seen)
  eight.received.splice(0, seenToo)
  await Promise.all([forgetterOf(owner, log, [7, 8]).pass(), tells(seven, 2), tells(eight, 1)])
  expect(state.openExchanges.size).toBe(0)
})

test('a queue forgets some seconds after its takeover, and then every hour', async () => {
  const { log, owner, state, eight } = await world()
  const due: { at: number; run: () => void }[] = []
  let now = 0
  const clock: Clock = {
    now: () => now,
    after(delay, run) {
      due.push({ at: now + delay, run })
      return { cancel() {} }
    },
    soon: (run) => void setImmediate(run),
  }
  const pass = async (until: number) => {
    for (; now < until; now += 1_000) {
      for (const task of due.splice(0)) task.at <= now ? task.run() : due.push(task)
      await new Promise<void>((resolve) => void setImmediate(resolve))
    }
    await owner.ownership.compareNow([queue])
  }
  const forgetter = new Forgetter({
    ...{ log, clock, logger: silentLogger, askHomes: owner.askHomes },
    runners: () => owner.ownership.runners(),
    table: () => tableOf([]),
    askClients: (...asked) => owner.links.askClients(...asked),
  })
  await pass(forgetting.firstMs - 1_000)
  expect(state.connections.size).toBe(1)
  await pass(forgetting.firstMs + 20_000)
  await expect.poll(() => state.connections.size).toBe(0)
  await eight.append(queue, 2, [bodyOf('a', 'again', { producer: 60, sequence: 1, connection: connection(3) })])
  await pass(forgetting.everyMs)
  expect(state.connections.size).toBe(1)
  await pass(forgetting.everyMs + forgetting.firstMs + 30_000)
  await expect.poll(() => state.connections.size).toBe(0)
  forgetter.stop()
})

import { append, control, deliver, envelope, group, home, link } from '@tern/proto'
import { PackedWriter, readBody, unpack } from '@tern/record'
import { applyRoutes, emptyRouteTable, type RouteTable } from '@tern/routing'
import { type Duplex, duplexPair, silentLogger, systemClock } from '@tern/runtime'
import { expect, test } from 'vitest'
import type { AppendResult, Covered } from '../../ports.ts'
import { creditBytesMin } from './queue-channel.ts'
import { LinkedRegion } from './region.ts'

type Stream = Duplex<link.LinkResponse, link.LinkRequest>

/** A broker that does what the test says, and keeps what it was told. */
class FakeBroker {
  readonly streams: Stream[] = []
  readonly requests: link.LinkRequest[] = []
  private wake: (() => void)[] = []

  accept(stream: Stream): void {
    this.streams.push(stream)
    stream.listen({
      frame: (request) => {
        this.requests.push(request)
        for (const wake of this.wake.splice(0)) wake()
      },
      end() {},
    })
  }

  answer(response: Partial<link.LinkResponse>): void {
    this.streams.at(-1)?.send(link.LinkResponse.create(response))
  }

  /** The first request from `from` on that fits. */
  async request(fits: (request: link.LinkRequest) => boolean, from = 0): Promise<link.LinkRequest> {
    for (;;) {
      const found = this.requests.slice(from).find(fits)
      if (found) return found
      await new Promise<void>((resolve) => void this.wake.push(resolve))
    }
  }

  async attach(from = 0): Promise<void> {
    const { attaches } = await this.request((request) => request.attaches.length > 0, from)
    this.answer({ attachAnswers: attaches.map(({ id, queue, after }) => attachAnswer(id, queue, Math.max(after, 9))) })
  }

  /** Payloads of everything appended from a request on. */
  appended(from = 0): string[] {
    return this.requests
      .slice(from)
      .flatMap(({ appends }) =>
        appends.flatMap(({ records }) =>
          [...unpack(records, 0, 0)].map(({ body }) => String(readBody(body, 0, body.length).value)),
        ),
      )
  }
}

const attachAnswer = (id: number, queue: number, after: number) => deliver.AttachAnswer.create({ id, queue, after })

function tableOf(owner: string, epoch: number): RouteTable {
  const members = ['a:1', 'b:1'].map((address, incarnation) => {
    return {
      incarnation,
      kind: control.MemberKind.BROKER,
      zone: '',
      address,
      nonce: address,
      draining: false,
      detail: undefined,
    }
  })
  const broker = owner === 'a:1' ? 0 : 1
  const routes = [{ queue: 0, epoch, broker }]
  const update = { snapshot: true, revision: epoch, queues: 1, routes, members, died: [] }
  return applyRoutes(emptyRouteTable, update)
}

async function world() {
  const brokers = new Map([
    ['a:1', new FakeBroker()],
    ['b:1', new FakeBroker()],
  ])
  let table = tableOf('a:1', 1)
  const listeners: ((table: RouteTable) => void)[] = []
  const routes = {
    table: () => table,
    onChange: (listener: (table: RouteTable) => void) => void listeners.push(listener),
    onDied() {},
    stop() {},
  }
  const region = new LinkedRegion({
    proxy: 7,
    routes,
    clock: systemClock,
    logger: silentLogger,
    dial(address) {
      const [near, far] = duplexPair<link.LinkRequest, link.LinkResponse>(systemClock)
      brokers.get(address)?.accept(far)
      return near
    },
  })
  const covered: Covered[] = []
  const moved: number[] = []
  const leased: number[] = []
  const connected = new Set<string>()
  region.listen({
    covered: (range) => covered.push(range),
    ...{ superseded() {}, disconnected() {} },
    homeMoved: (queue) => void moved.push(queue),
    leased: (_, __, messages) => void leased.push(...messages.map(({ position }) => position)),
    connected: (clientId) => connected.has(clientId),
  })
  const [a, b] = [...brokers.values()] as [FakeBroker, FakeBroker]
  await a.attach()
  await region.ready
  const move = (to: string, epoch: number) => {
    table = tableOf(to, epoch)
    for (const listener of listeners) listener(table)
  }
  return { region, a, b, covered, moved, leased, connected, move }
}

/** Of the event loop: what was sent before has arrived. */
const turn = () => new Promise<void>((resolve) => void setImmediate(resolve))

const record = (payload: string) => ({
  topic: 't',
  payload: Buffer.from(payload),
  envelope: envelope.Envelope.create({ clientId: 'c', qos: 1 }),
})

const stored = (firstSequence: number, count: number, basePosition = -1) => [
  append.AppendAnswer.create({ firstSequence, count, verdict: append.AppendVerdict.STORED, basePosition }),
]

const delivery = (first: number, last: number, payloads: Record<number, string> = {}) => {
  const writer = new PackedWriter(first, 0)
  for (const [position, payload] of Object.entries(payloads)) writer.add(Number(position), 0, Buffer.from(payload))
  return { queue: 0, first, last, baseTimeMs: 0, count: writer.count, records: writer.finish() }
}

test('on a new stream everything unanswered goes again, in order and with the same numbers (rule 1)', async () => {
  const { region, a } = await world()
  const results: [string, AppendResult][] = []
  for (const payload of ['1', '2', '3'])
    region.append(0, record(payload), (result) => void results.push([payload, result]))
  await a.request(({ appends }) => appends.length > 0)
  a.answer({ appendAnswers: stored(1, 1) })
  await expect.poll(() => results.length).toBe(1)
  const before = a.requests.length
  a.streams.at(-1)?.end()
  const again = await a.request(({ appends }) => appends.length > 0, before)
  expect(again.appends[0]).toMatchObject({ firstSequence: 2, count: 2 })
  expect(a.appended(before)).toEqual(['2', '3'])
  // The first of the run is answered already, and the others count from it all the same.
  a.answer({ appendAnswers: stored(1, 3, 100) })
  await expect
    .poll(() => results)
    .toEqual([
      ['1', { verdict: 'stored', position: -1 }],
      ['2', { verdict: 'stored', position: 101 }],
      ['3', { verdict: 'stored', position: 102 }],
    ])
})

test('an owner that asks is told of clients that are connected or have a record under way, and how far all is answered', async () => {
  const { region, a, connected } = await world()
  const ask = async (id: number) => {
    a.answer({ clientsQuestions: [{ id, queue: 0, clientIds: ['b', 'c', 'd'] }] })
    const told = await a.request(({ clientsAnswers }) => clientsAnswers.some((answer) => answer.id === id))
    return told.clientsAnswers
  }
  connected.add('d')
  expect(await ask(1)).toEqual([{ id: 1, held: [2], answeredThrough: 0 }])
  const answered = new Promise<void>((resolve) => {
    region.append(0, record('1'), () => {})
    region.append(0, record('2'), () => resolve())
    region.append(0, { ...record('3'), envelope: envelope.Envelope.create({ clientId: 'b' }) }, () => {})
  })
  expect(await ask(2)).toEqual([{ id: 2, held: [0, 1, 2], answeredThrough: 0 }])
  a.answer({ appendAnswers: stored(1, 2) })
  await answered
  connected.clear()
  expect(await ask(3)).toEqual([{ id: 3, held: [0], answeredThrough: 2 }])
})

test('a new owner gets what the old one left unanswered, and a late answer of the old one counts for nothing', async () => {
  const { region, a, b, move } = await world()
  let answers = 0
  region.append(0, record('1'), () => void answers++)
  await a.request(({ appends }) => appends.length > 0)
  move('b:1', 2)
  await b.attach()
  await b.request(({ appends }) => appends.length > 0)
  expect(b.appended()).toEqual(['1'])
  a.answer({ appendAnswers: stored(1, 1) })
  region.append(0, record('2'), () => void answers++)
  await b.request(({ appends }) => appends.some(({ firstSequence }) => firstSequence === 2))
  expect(answers).toBe(0)
  b.answer({ appendAnswers: stored(1, 2) })
  await expect.poll(() => answers).toBe(2)
})

test('an owner that says it is none is asked again', async () => {
  const { region, a } = await world()
  region.append(0, record('1'), () => {})
  await a.request(({ appends }) => appends.length > 0)
  const before = a.requests.length
  a.answer({ appendAnswers: [{ ...stored(1, 1)[0]!, verdict: append.AppendVerdict.NOT_OWNER }] })
  await a.request(({ appends }) => appends.length > 0, before)
  expect(a.appended(before)).toEqual(['1'])
})

test('an owner that said it is none is not asked again once there is another, also when that one is out of reach', async () => {
  const { region, a, b, move } = await world()
  region.append(0, record('1'), () => {})
  await a.request(({ appends }) => appends.length > 0)
  const before = a.requests.length
  a.answer({ appendAnswers: [{ ...stored(1, 1)[0]!, verdict: append.AppendVerdict.NOT_OWNER }] })
  await turn()
  await turn()
  move('b:1', 2)
  await b.request(({ attaches }) => attaches.length > 0)
  const begun = b.requests.length
  b.streams.at(-1)?.end()
  await b.request(({ attaches }) => attaches.length > 0, begun)
  expect(a.requests.slice(before)).toEqual([])
})

test('interest is stated before the attachment, which goes on after what was covered (D6)', async () => {
  const { region, a, b, covered, move } = await world()
  void region.addInterest('x/#')
  a.answer({ deliveries: [delivery(10, 19, { 12: 'm' })] })
  await expect.poll(() => covered.length).toBe(1)
  expect(covered[0]).toMatchObject({ first: 10, last: 19, messages: [{ position: 12, body: Buffer.from('m') }] })
  expect(region.next(0)).toBe(20)
  move('b:1', 2)
  const request = await b.request(({ attaches }) => attaches.length > 0)
  expect(request).toMatchObject({ proxy: 7, interests: [{ add: ['x/#'] }, { add: [] }], attaches: [{ after: 19 }] })
})

test('the bytes of deliveries are given back together, once they are a quarter of the window', async () => {
  const { a, covered } = await world()
  const half = 'x'.repeat(creditBytesMin / 2)
  a.answer({ deliveries: [delivery(10, 10, { 10: half })] })
  await expect.poll(() => covered.length).toBe(1)
  await turn()
  expect(a.requests.flatMap(({ credits }) => credits)).toEqual([])
  a.answer({ deliveries: [delivery(11, 11, { 11: half })] })
  await a.request(({ credits }) => credits[0]?.bytes === creditBytesMin)
})

test('what a delivery repeats is left out, and what retention took is covered', async () => {
  const { a, b, covered, move } = await world()
  a.answer({ deliveries: [delivery(10, 19)] })
  await expect.poll(() => covered.length).toBe(1)
  move('b:1', 2)
  const { attaches } = await b.request((request) => request.attaches.length > 0)
  b.answer({ attachAnswers: [attachAnswer(attaches[0]?.id ?? 0, 0, 29)] })
  b.answer({ deliveries: [delivery(25, 35, { 27: 'old', 31: 'new' })] })
  await expect.poll(() => covered.at(-1)?.last).toBe(35)
  expect(covered.flatMap(({ messages }) => messages.map(({ position }) => position))).toEqual([31])
  expect(covered.map(({ first, last }) => [first, last])).toEqual([
    [10, 19],
    [20, 29],
    [30, 35],
  ])
})

test('the start of a subscription is the position that the owner answers with, or after 500 ms the last one known (D2)', async () => {
  const { region, a } = await world()
  const answered = region.addInterest('x')
  const { interests } = await a.request((request) => request.interests.length > 0)
  a.answer({ interestAnswers: [{ id: interests[0]!.id, queue: 0, position: 42, notOwner: false }] })
  expect(await answered).toEqual([{ queue: 0, position: 42 }])
  expect(await region.addInterest('y')).toEqual([{ queue: 0, position: 9 }])
})

test('what an owner passed over before it heard of a filter is asked for again (D2)', async () => {
  const { region, a, covered } = await world()
  const before = a.requests.length
  await region.addInterest('y')
  const { attaches, interests } = await a.request((request) => request.attaches.length > 0, before)
  expect(interests[0]).toMatchObject({ add: ['y'] })
  a.answer({ deliveries: [delivery(10, 19)] })
  a.answer({
    attachAnswers: [attachAnswer(attaches[0]?.id ?? 0, 0, 9)],
    deliveries: [delivery(10, 12, { 11: 'for y' })],
  })
  await expect.poll(() => covered.length).toBe(1)
  expect(covered[0]).toMatchObject({ first: 10, last: 12, messages: [{ position: 11 }] })
})

test('a full window says so and calls back when answers make room (rule 7)', async () => {
  const { region, a } = await world()
  for (let sent = 0; region.hasRoom(0) && sent < 20_000; sent++) region.append(0, record('m'), () => {})
  expect(region.hasRoom(0)).toBe(false)
  let room = 0
  region.whenRoom(0, () => void room++)
  await a.request(({ appends }) => appends.length > 0)
  expect(room).toBe(0)
  a.answer({ appendAnswers: stored(1, 10) })
  await expect.poll(() => room).toBe(1)
  expect(region.hasRoom(0)).toBe(true)
})

test('live connections are announced to a new home before anything else is asked of it (D9)', async () => {
  const { region, a, b, move } = await world()
  const cursor = { progress: [], inFlight: [] }
  const connection = { epoch: 1, counter: 1 }
  const checkpoint = region.callHome('c', { $case: 'checkpoint', value: { connection, cursor } })
  await a.request(({ homeCalls }) => homeCalls.length > 0)
  region.listen({
    covered: () => 0,
    ...{ superseded() {}, disconnected() {} },
    leased() {},
    connected: () => false,
    homeMoved() {
      void region.callHome('c', { $case: 'announce', value: { connection, session: connection, expirySeconds: 0 } })
    },
  })
  move('b:1', 2)
  const { homeCalls } = await b.request((request) => request.homeCalls.length > 0)
  expect(homeCalls.map(({ call }) => call?.$case)).toEqual(['announce', 'checkpoint'])
  const ok = { status: home.HomeStatus.OK, reasonCode: 0, opened: undefined }
  b.answer({ homeAnswers: [{ id: homeCalls[1]!.id, ...ok }] })
  expect(await checkpoint).toMatchObject(ok)
})

test('what waits to be sent when the owner changes goes to the new owner, and not to the old one', async () => {
  const { region, a, b, move } = await world()
  const before = a.requests.length
  region.append(0, record('1'), () => {})
  region.append(0, record('2'), () => {})
  move('b:1', 2)
  region.append(0, record('3'), () => {})
  await b.request(({ appends }) => appends.length > 0)
  expect(b.appended()).toEqual(['1', '2', '3'])
  expect(a.appended(before)).toEqual([])
})

const groupName = '$share/g/t'
const taker = {
  ...{ clientId: 'c', session: { epoch: 1, counter: 1 }, connection: { epoch: 1, counter: 2 }, clean: false },
}
const leaseOf = (position: number) => {
  const writer = new PackedWriter(position, 0)
  writer.add(position, 0, Buffer.from('x'))
  const records = { basePosition: position, baseTimeMs: 0, count: 1, records: writer.finish() }
  return { groupDeliveries: [{ queue: 0, group: groupName, ...records, earlier: [] }] }
}

test('a record that is leased after the last member has gone can be given back', async () => {
  const { region, a, leased } = await world()
  void region.joinGroup(groupName, 0)
  const { groupJoins } = await a.request(({ groupJoins }) => groupJoins.length > 0)
  a.answer({ groupJoinAnswers: groupJoins.map(({ id, queue }) => ({ id, queue, notOwner: false })) })
  a.answer(leaseOf(4))
  await expect.poll(() => leased).toEqual([4])
  region.returnLease(0, groupName, 4, 'unused')
  const { groupSettles } = await a.request(({ groupSettles }) => groupSettles.length > 0)
  expect(groupSettles).toMatchObject([{ returned: [4], settled: [], unused: [4] }])
})

test('a new owner is told what is held, asked what was taken, and then for what was not answered (D10)', async () => {
  const { region, a, b, leased, move } = await world()
  const listed: number[][] = []
  region.attachTaker(0, taker, (taken) => void listed.push(taken.map(({ position }) => position)))
  void region.joinGroup(groupName, 10)
  const { takerAttaches } = await a.request((request) => request.takerAttaches.length > 0)
  a.answer(leaseOf(4))
  await expect.poll(() => leased).toEqual([4])
  const verdict = region.takeLease(0, groupName, 4, taker)
  void region.endTaken(0, groupName, 3, taker)
  await a.request(({ groupTakes }) => groupTakes.length > 0)
  move('b:1', 2)
  await b.attach()
  const again = await b.request(({ groupTakes }) => groupTakes.length > 0)
  expect(again.groupJoins[0]).toMatchObject({ group: groupName, held: [4] })
  expect(again.takerAttaches).toMatchObject([{ taker, gone: false }])
  expect([again.groupTakes, again.groupDones]).toMatchObject([[{ position: 4 }], [{ position: 3 }]])
  // The first owner's list comes late and by the wrong way, and one with the wrong number is no answer either.
  const list = (position: number, id: number) => ({
    takerAttachAnswers: [{ id, queue: 0, notOwner: false, taken: [{ group: groupName, position }] }],
  })
  a.answer(list(1, takerAttaches[0]?.id ?? 0))
  b.answer(list(2, takerAttaches[0]?.id ?? 0))
  b.answer(list(3, again.takerAttaches[0]?.id ?? 0))
  await expect.poll(() => listed).toEqual([[3]])
  const { TAKEN } = group.GroupTakeVerdict
  b.answer({ groupTakeAnswers: [{ id: again.groupTakes[0]?.id ?? 0, queue: 0, verdict: TAKEN }] })
  expect(await verdict).toBe('taken')
  // What was taken is no lease any more.
  const before = a.requests.length
  move('a:1', 3)
  await a.attach(before)
  const third = await a.request(({ groupJoins }) => groupJoins.length > 0, before)
  expect(third.groupJoins[0]).toMatchObject({ held: [] })
})

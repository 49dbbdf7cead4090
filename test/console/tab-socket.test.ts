import { once } from 'node:events'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { type FakeConsole, startFakeConsole } from './fake/fake-console.ts'
import { type Signed, signIn } from './fake/signed-in.ts'

let fake: FakeConsole
let signed: Signed

beforeEach(async () => {
  fake = await startFakeConsole()
  signed = await signIn(fake.url, fake.password)
})
afterEach(() => fake.close())

// biome-ignore lint/suspicious/noExplicitAny: frames as they come.
type Frame = any

async function openTab(): Promise<{
  socket: WebSocket
  say(frame: object): void
  next(is: (frame: Frame) => boolean): Promise<Frame>
}> {
  const { cookie = '' } = signed.headers
  const socket = new WebSocket(`${fake.url.replace('http', 'ws')}/console/live`, {
    headers: { cookie },
    origin: fake.url,
  })
  const waiting = new Set<{ is: (frame: Frame) => boolean; resolve: (frame: Frame) => void }>()
  socket.on('message', (data) => {
    const frame = JSON.parse(String(data))
    for (const each of waiting) {
      if (!each.is(frame)) continue
      waiting.delete(each)
      each.resolve(frame)
    }
  })
  await once(socket, 'open')
  return {
    socket,
    say: (frame) => socket.send(JSON.stringify(frame)),
    next: (is) => new Promise((resolve) => void waiting.add({ is, resolve })),
  }
}

const topology = 'tern.v1.ClusterService/WatchTopology'
const replay = 'tern.v1.MessagingService/ReplayMessages'

test('several streams share the one socket of a tab', async () => {
  const { say, next, socket } = await openTab()
  const [zones, messages] = [next(({ event }) => event === 1), next(({ event }) => event === 2)]
  say({ sub: 1, rpc: topology, req: {} })
  say({ sub: 2, rpc: replay, req: { topicFilter: 'fleet/#', follow: true } })
  expect((await zones).data.topology.zones).toHaveLength(3)
  expect((await messages).data.messages.length).toBeGreaterThan(0)
  socket.close()
})

test('a zone that dies is seen within 2 s', async () => {
  const { say, next, socket } = await openTab()
  const first = next(({ event }) => event === 1)
  say({ sub: 1, rpc: topology, req: {} })
  await first
  const died = next(({ data }) => data?.topology.zones[2].state === 'MEMBER_STATE_DEAD')
  const at = performance.now()
  fake.api.region.kill('az-c')
  await died
  expect(performance.now() - at).toBeLessThan(2_000)
  socket.close()
})

test('a stream that breaks is told, and the topology goes on by itself', async () => {
  const { say, next, socket } = await openTab()
  const running = Promise.all([next(({ event }) => event === 1), next(({ event }) => event === 2)])
  say({ sub: 1, rpc: topology, req: {} })
  say({ sub: 2, rpc: replay, req: { follow: true } })
  await running
  const told = next(({ error }) => error === 2)
  fake.api.cut()
  expect(await told).toMatchObject({ code: 'unavailable' })
  expect(await next(({ event }) => event === 1)).toBeDefined()
  socket.close()
})

test('a tab gets no more than its credit, and goes on with more', async () => {
  const { say, next, socket } = await openTab()
  const seen: Frame[] = []
  socket.on('message', (data) => seen.push(JSON.parse(String(data))))
  const first = next(({ event }) => event === 1)
  say({ sub: 1, rpc: replay, req: { follow: true }, credit: 1 })
  await first
  // The topology comes once a second: by its second one the replay had its chances.
  const second = next(({ event }) => event === 9).then(() => next(({ event }) => event === 9))
  say({ sub: 9, rpc: topology, req: {} })
  await second
  expect(seen.filter(({ event }) => event === 1)).toHaveLength(1)
  const more = next(({ event }) => event === 1)
  say({ sub: 1, credit: 1 })
  expect(await more).toBeDefined()
  socket.close()
})

test.each([
  ['a call that is none', { sub: 1, rpc: 'tern.v1.MessagingService/Publish', req: {} }],
  ['no JSON at all', 'nonsense'],
])('%s closes the socket with a sentence', async (_, frame) => {
  const { socket, say } = await openTab()
  const closed = once(socket, 'close')
  if (typeof frame === 'string') socket.send(frame)
  else say(frame)
  const [code, reason] = await closed
  expect([code, String(reason)]).toEqual([1008, expect.stringMatching(/rpc|JSON/)])
})

test('a tab holds a bounded number of streams', async () => {
  const { say, next, socket } = await openTab()
  const refused = next(({ error }) => error === 32)
  for (let sub = 0; sub <= 32; sub++) say({ sub, rpc: topology, req: {} })
  expect(await refused).toMatchObject({ code: 'resource_exhausted' })
  socket.close()
})

test('a tab that never reads has nothing but the newest waiting, and the console stays small', async () => {
  const { socket, say } = await openTab()
  say({ sub: 1, rpc: replay, req: { follow: true }, credit: 0 })
  say({ sub: 2, rpc: topology, req: {}, credit: 0 })
  const other = await openTab()
  const third = other.next(({ event }) => event === 1)
  other.say({ sub: 1, rpc: topology, req: {} })
  expect(await third).toBeDefined()
  const calls = fake.api.calls.filter(({ name }) => name.endsWith('WatchTopology')).length
  expect(calls).toBe(1)
  for (const each of [socket, other.socket]) each.close()
})

// Row H1 of the bad input: floods of frames at the public port.
import { expect, test } from 'vitest'
import { type Attacked, attackedApi, memoryGrowth, rawSocket, stillServes, written } from './attacked-api.ts'

const preface = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n')
const type = {
  data: 0,
  headers: 1,
  reset: 3,
  settings: 4,
  ping: 6,
  goaway: 7,
  windowUpdate: 8,
  continuation: 9,
} as const
const endStream = 1
const endHeaders = 4

function frame(kind: number, flags: number, stream: number, payload: Buffer = Buffer.alloc(0)): Buffer {
  const head = Buffer.alloc(9)
  head.writeUIntBE(payload.length, 0, 3)
  head[3] = kind
  head[4] = flags
  head.writeUInt32BE(stream, 5)
  return Buffer.concat([head, payload])
}

const literal = (name: string, value: string, index = 0x00) =>
  Buffer.concat([Buffer.from([index, name.length]), Buffer.from(name), length7(value.length), Buffer.from(value)])
/** An integer of HPACK with a prefix of seven bits. */
function length7(length: number): Buffer {
  if (length < 127) return Buffer.from([length])
  const bytes = [127]
  let rest = length - 127
  for (; rest > 127; rest >>>= 7) bytes.push((rest & 127) | 128)
  return Buffer.from([...bytes, rest])
}
const requestHeaders = Buffer.concat([
  literal(':method', 'POST'),
  literal(':scheme', 'http'),
  literal(':authority', 'x'),
  literal(':path', '/tern.v1.ClusterService/WatchEvents'),
  literal('content-type', 'application/grpc'),
])

function frames(received: Buffer): { kind: number; flags: number; payload: Buffer }[] {
  const found: { kind: number; flags: number; payload: Buffer }[] = []
  for (let at = 0; at + 9 <= received.length; ) {
    const end = at + 9 + received.readUIntBE(at, 3)
    if (end > received.length) break
    found.push({ kind: received[at + 3] ?? 0, flags: received[at + 4] ?? 0, payload: received.subarray(at + 9, end) })
    at = end
  }
  return found
}

/** The error codes of the GOAWAY frames that came. */
const goaways = (received: Buffer): number[] =>
  frames(received).flatMap(({ kind, payload }) => (kind === type.goaway ? [payload.readUInt32BE(4)] : []))

/** Sends the frames again and again until the connection is closed, or `times` are over. */
async function flood(attacked: Attacked, begin: Buffer, batch: (round: number) => Buffer, times: number) {
  const { socket, received, closed } = rawSocket(attacked)
  await written(socket, Buffer.concat([preface, frame(type.settings, 0, 0), begin]))
  for (let i = 0; i < times && !socket.destroyed; i++) await written(socket, batch(i))
  return { received, closed, socket }
}

const nothing = Buffer.alloc(0)
const enhanceYourCalm = 11

test('rapid reset: who begins calls and cancels them at once is sent away (CVE-2023-44487)', async () => {
  const attacked = await attackedApi({ resetBurst: 200, resetsPerSecond: 20 })
  const batch = (round: number) =>
    Buffer.concat(
      Array.from({ length: 100 }, (_, i) => {
        const stream = (round * 100 + i) * 2 + 1
        return Buffer.concat([
          frame(type.headers, endStream | endHeaders, stream, requestHeaders),
          frame(type.reset, 0, stream, Buffer.from([0, 0, 0, 8])),
        ])
      }),
    )
  const { received, closed } = await flood(attacked, nothing, batch, 200)
  await closed
  const [goaway] = frames(received()).filter(({ kind }) => kind === type.goaway)
  const lastStream = goaway?.payload.readUInt32BE(0) ?? 0
  expect(lastStream).toBeGreaterThanOrEqual(2 * 200)
  expect(lastStream).toBeLessThan(2 * 1_000)
  await stillServes(attacked)
})

test('a flood of CONTINUATION frames ends the connection, and is not kept (CVE-2024-27316)', async () => {
  const attacked = await attackedApi()
  const begin = frame(type.headers, 0, 1, requestHeaders)
  const more = Buffer.concat(
    Array.from({ length: 100 }, (_, i) => frame(type.continuation, 0, 1, literal(`x-${i}`, 'y'.repeat(8_000)))),
  )
  const grown = await memoryGrowth(async () => {
    const { closed } = await flood(attacked, begin, () => more, 200)
    await closed
  })
  expect(grown).toBeLessThan(64)
  await stillServes(attacked)
})

test.each([
  ['SETTINGS', frame(type.settings, 0, 0, Buffer.from([0, 3, 0, 0, 0, 100]))],
  ['PING', frame(type.ping, 0, 0, Buffer.alloc(8))],
])('a flood of %s frames ends the connection (CVE-2019-9512, CVE-2019-9515)', async (_, one) => {
  const attacked = await attackedApi()
  const batch = Buffer.concat(Array<Buffer>(500).fill(one))
  const grown = await memoryGrowth(async () => {
    const { received, closed } = await flood(attacked, nothing, () => batch, 200)
    await closed
    expect(goaways(received()).length).toBeGreaterThan(0)
  })
  expect(grown).toBeLessThan(64)
  await stillServes(attacked)
})

test.each([
  ['SETTINGS', type.settings, Buffer.from([0, 3, 0, 0, 0, 100])],
  ['PING', type.ping, Buffer.alloc(8)],
])('%s frames without end are not answered without end, though their answers are read', async (_, kind, payload) => {
  const attacked = await attackedApi({ controlFrameBurst: 300, controlFramesPerSecond: 1 })
  const { socket, received, closed } = await flood(attacked, nothing, () => nothing, 0)
  const answers = () => frames(received()).filter((each) => each.kind === kind && each.flags === 1).length
  for (let sent = 50; sent <= 600 && !socket.destroyed; sent += 50) {
    await written(socket, Buffer.concat(Array<Buffer>(50).fill(frame(kind, 0, 0, payload))))
    await Promise.race([closed, expect.poll(answers).toBeGreaterThanOrEqual(sent)])
  }
  await closed
  expect(goaways(received())).toContain(enhanceYourCalm)
  await stillServes(attacked)
})

test('pings of a client that lives are answered', async () => {
  const attacked = await attackedApi()
  const { socket, received } = await flood(attacked, nothing, () => frame(type.ping, 0, 0, Buffer.alloc(8)), 50)
  await expect.poll(() => received().length).toBeGreaterThan(50 * 17)
  expect(socket.destroyed).toBe(false)
})

test('a window that overflows ends the connection (RFC 9113, 6.9.1)', async () => {
  const attacked = await attackedApi()
  const grow = frame(type.windowUpdate, 0, 0, Buffer.from([0x7f, 0xff, 0xff, 0xff]))
  const { received, closed } = await flood(attacked, nothing, () => grow, 2)
  await closed
  expect(goaways(received())).toContain(3)
  await stillServes(attacked)
})

test('a header that is named thousands of times is not unpacked (HPACK bomb)', async () => {
  const attacked = await attackedApi()
  // Into the dynamic table once, as entry 62; then by one byte each.
  const bomb = Buffer.concat([
    requestHeaders,
    literal('x-bomb', 'y'.repeat(3_900), 0x40),
    Buffer.alloc(10_000, 0x80 | 62),
  ])
  const grown = await memoryGrowth(async () => {
    const batch = (round: number) => frame(type.headers, endStream | endHeaders, round * 2 + 1, bomb)
    const { received } = await flood(attacked, nothing, batch, 50)
    await expect.poll(() => received().length).toBeGreaterThan(100)
  })
  expect(grown).toBeLessThan(64)
  expect(attacked.seen).toEqual([])
  await stillServes(attacked)
})

test('empty DATA frames cost a client its call, and nobody else anything (CVE-2019-9518)', async () => {
  const attacked = await attackedApi({ unaryRequestMs: 300 })
  const empty = Buffer.concat(Array<Buffer>(1_000).fill(frame(type.data, 0, 1)))
  const drain = Buffer.concat([
    ...[
      literal(':method', 'POST'),
      literal(':scheme', 'http'),
      literal(':authority', 'x'),
      literal(':path', '/tern.v1.ClusterService/Drain'),
    ],
    literal('content-type', 'application/grpc'),
  ])
  const grown = await memoryGrowth(async () => {
    await flood(attacked, frame(type.headers, endHeaders, 1, drain), () => empty, 100)
  })
  expect(grown).toBeLessThan(64)
  await stillServes(attacked)
})

test('who connects and says nothing, or half of a preface, is closed', async () => {
  const attacked = await attackedApi({ firstBytesMs: 100 })
  const silent = rawSocket(attacked)
  const half = rawSocket(attacked)
  half.socket.write('PR')
  await Promise.all([silent.closed, half.closed])
  await stillServes(attacked)
})

test('connections beyond the limit are closed at once, and those before it are served', async () => {
  const attacked = await attackedApi({ connectionsMax: 2 })
  const first = rawSocket(attacked)
  await expect.poll(() => first.socket.readyState).toBe('open')
  await stillServes(attacked)
  const [second, third] = [rawSocket(attacked), rawSocket(attacked)]
  await Promise.race([second.closed, third.closed])
  expect(first.socket.destroyed).toBe(false)
})

test('a connection that is dead, and one that nobody uses, are given up', async () => {
  const limits = { keepaliveMs: 50, keepaliveAnswerMs: 50 }
  const dead = await attackedApi(limits)
  const { received, closed } = await flood(dead, nothing, () => nothing, 0)
  await closed
  expect(frames(received()).some(({ kind, flags }) => kind === type.ping && flags === 0)).toBe(true)
  await stillServes(dead)

  const unused = await attackedApi({ ...limits, idleConnectionMs: 1 })
  const idle = await flood(unused, nothing, () => nothing, 0)
  await idle.closed
  expect(goaways(idle.received())).toContain(0)
  await stillServes(unused)
})

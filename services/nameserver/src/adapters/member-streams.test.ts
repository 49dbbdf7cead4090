import { control, type nameserver } from '@tern/proto'
import { type Duplex, duplexPair, systemClock } from '@tern/runtime'
import { afterEach, expect, test } from 'vitest'
import { claimed, died, fold, joined } from '../core/control.fixture.ts'
import type { SeenMember } from '../core/liveness.ts'
import { createMemberStreams, type MemberStreams } from './member-streams.ts'

let running: MemberStreams | undefined
afterEach(() => running?.stop())

type MemberSide = Duplex<nameserver.RegisterRequest, nameserver.RegisterResponse>

/** Streams whose addresses answer a probe as `refusals` says, one after the other, and then refuse. */
function streams(refusals: boolean[] = []) {
  const probed: string[] = []
  const members = createMemberStreams({
    clock: systemClock,
    changed() {},
    probe: async (address) => {
      probed.push(address)
      return refusals.shift() ?? true
    },
  })
  running = members
  const greet = (nonce: string, address = `${nonce}:1`): { side: MemberSide; heard: string[] } => {
    const [side, server] = duplexPair<nameserver.RegisterRequest, nameserver.RegisterResponse>(systemClock)
    const heard: string[] = []
    side.listen({
      frame: ({ message }) => void heard.push(`${message?.$case} ${message?.value.incarnation}`),
      end: () => void heard.push('end'),
    })
    members.accept(server)
    const hello = { kind: control.MemberKind.BROKER, nonce, zone: 'az-a', address, detail: undefined }
    side.send({ message: { $case: 'hello', value: hello } })
    return { side, heard }
  }
  const seen = (nonce: string): Partial<SeenMember> | undefined => members.seen().get(nonce)
  return { members, greet, seen, probed }
}

const one = fold([claimed(1, 'ns-a'), joined(0, 'x')])
const buried = fold([died(0, 1)], 2, one)

test('a member is told its incarnation once it is on the log, and once for each stream', async () => {
  const { members, greet, seen } = streams()
  const first = greet('x')
  await expect.poll(() => seen('x')).toMatchObject({ connected: true, refused: false })
  members.changed(one)
  members.changed({ ...one })
  await expect.poll(() => first.heard).toEqual(['registered 1'])
  const second = greet('x')
  await expect.poll(() => second.heard).toEqual(['registered 1'])
  expect(first.heard).toEqual(['registered 1'])
})

test('a heartbeat is heard', async () => {
  const { greet, seen } = streams()
  const { side } = greet('x')
  await expect.poll(() => seen('x')).toBeDefined()
  const before = seen('x')?.heardAt ?? 0
  await expect
    .poll(() => {
      side.send({ message: { $case: 'heartbeat', value: { serving: [], logSilentMs: 0, clients: 0 } } })
      return seen('x')?.heardAt ?? 0
    })
    .toBeGreaterThan(before)
})

test('when a stream breaks, the address is looked at until it refuses', async () => {
  const { members, greet, seen, probed } = streams([false, false, true])
  const { side } = greet('x')
  await expect.poll(() => seen('x')).toBeDefined()
  members.changed(one)
  side.end()
  await expect.poll(() => seen('x')).toMatchObject({ connected: false, refused: true })
  expect(probed).toEqual(['x:1', 'x:1', 'x:1'])
})

test('a member that is back is not refused, whatever was seen of its address before', async () => {
  const { members, greet, seen } = streams([false])
  const { side } = greet('x')
  await expect.poll(() => seen('x')).toBeDefined()
  members.changed(one)
  side.end()
  await expect.poll(() => seen('x')).toMatchObject({ connected: false })
  greet('x')
  await expect.poll(() => seen('x')).toMatchObject({ connected: true, refused: false })
})

test('the end of an older stream of a run does not touch its newer one', async () => {
  const { members, greet, seen, probed } = streams()
  const older = greet('x')
  await expect.poll(() => seen('x')).toBeDefined()
  const newer = greet('x')
  members.changed(one)
  await expect.poll(() => newer.heard).toEqual(['registered 1'])
  older.side.end()
  await expect.poll(() => older.heard).toContain('end')
  expect(seen('x')).toMatchObject({ connected: true, refused: false })
  expect(probed).toEqual([])
})

test('an address belongs to one run: whoever had it before is gone', async () => {
  const { greet, seen } = streams()
  greet('x', 'same:1')
  greet('y', 'same:1')
  await expect.poll(() => seen('y')).toMatchObject({ refused: false })
  expect(seen('x')).toMatchObject({ refused: true })
})

test('a member without an address is never looked at', async () => {
  const { greet, seen, probed } = streams()
  const { side } = greet('x', '')
  await expect.poll(() => seen('x')).toBeDefined()
  side.end()
  await expect.poll(() => seen('x')).toMatchObject({ connected: false, refused: false })
  expect(probed).toEqual([])
})

test('who is recorded dead is told while its stream is open, and forgotten when it has gone', async () => {
  const { members, greet, seen } = streams()
  const { side, heard } = greet('x')
  await expect.poll(() => seen('x')).toBeDefined()
  members.changed(buried)
  await expect.poll(() => heard).toEqual(['declaredDead 1'])
  expect(seen('x')).toBeDefined()
  side.end()
  await expect.poll(() => seen('x')).toBeUndefined()
})

test('who is gone before the log knew of it leaves no trace', async () => {
  const { members, greet, seen } = streams()
  members.changed(fold([claimed(1, 'ns-a')]))
  const { side } = greet('x')
  await expect.poll(() => seen('x')).toBeDefined()
  side.end()
  await expect.poll(() => seen('x')).toBeUndefined()
})

import fc from 'fast-check'
import { expect, test } from 'vitest'
import { readBlock } from './block-reader.ts'
import { BlockWriter, type Lost } from './block-writer.ts'
import { type EntryContext, entryKind, type LedgerEntry, nameHash } from './entry.ts'

const origin = { queue: 7, proxy: 42, zone: 'az-a' }
const context = { traceId: '0af7651916cd43dd8448eb211c80319c', spanId: 'b7ad6b7169203331' }

type Given = LedgerEntry & { topic?: string }

function blockOf(entries: readonly Given[], lost?: Lost): Buffer {
  const writer = new BlockWriter(origin)
  for (const each of entries) {
    const { kind, position, qos, startUs, middleUs, endUs, clientId, name, topic, attempt, code, reason } = each
    const named = kind === entryKind.published ? (topic ?? 't') : name
    writer.add(kind, position, qos, startUs, middleUs, endUs, clientId, named, attempt, code, reason, each.context)
  }
  return writer.finish(lost)
}

const entry = (fields: Partial<Given>): Given => ({
  ...{ kind: entryKind.acked, position: 1000, qos: 1, startUs: 1_700_000_000_000_000, middleUs: 1_700_000_000_000_000 },
  ...{
    endUs: 1_700_000_000_000_500,
    clientId: 'c',
    name: 'a/#',
    topicHash: 0,
    attempt: 1,
    code: 0,
    reason: '',
    context: undefined,
  },
  ...fields,
})

const anyEntry: fc.Arbitrary<Given> = fc
  .record({
    kind: fc.constantFrom(...Object.values(entryKind)),
    position: fc.integer({ min: -1, max: 2 ** 40 }),
    qos: fc.integer({ min: 0, max: 2 }),
    startUs: fc.integer({ min: 0, max: 4_000_000_000_000_000 }),
    toMiddle: fc.integer({ min: 0, max: 2 ** 45 }),
    toEnd: fc.integer({ min: 0, max: 2 ** 45 }),
    clientId: fc.string({ unit: 'grapheme' }),
    name: fc.string(),
    attempt: fc.integer({ min: 1, max: 70_000 }),
    code: fc.integer({ min: 0, max: 255 }),
    reason: fc.constantFrom('', 'slow reader'),
    context: fc.option(fc.constant<EntryContext>(context), { nil: undefined }),
  })
  .map(({ toMiddle, toEnd, ...rest }) => ({
    ...rest,
    name: rest.kind === entryKind.published ? '' : rest.name,
    topicHash: rest.kind === entryKind.published ? nameHash('t') : 0,
    middleUs: rest.startUs + toMiddle,
    endUs: rest.startUs + toMiddle + toEnd,
  }))

const anyLost = fc.option(
  fc
    .record({ count: fc.integer({ min: 1, max: 2 ** 30 }), first: fc.nat(1000), length: fc.nat(1000) })
    .map(({ count, first, length }): Lost => ({ count, first, last: first + length })),
  { nil: undefined },
)

test('whatever is written is read again, and the head tells what the entries say', () => {
  fc.assert(
    fc.property(fc.array(anyEntry, { maxLength: 60 }), anyLost, (entries, lost) => {
      const { head, entries: read } = readBlock(blockOf(entries, lost))
      expect(read()).toEqual(entries)
      expect(head).toMatchObject({ ...origin, lost })
      expect(head.texts.hashes()).toEqual(head.texts.hashes().map((_, ref) => nameHash(head.texts.at(ref))))
      expect(head.fromUs).toBe(entries.length === 0 ? 0 : Math.min(...entries.map(({ startUs }) => startUs)))
      expect(head.toUs).toBe(Math.max(0, ...entries.map(({ endUs }) => endUs)))
      expect(head.longestUs).toBe(Math.max(0, ...entries.map(({ startUs, endUs }) => endUs - startUs)))
      for (const { position } of entries) {
        if (position >= 0) expect(read(position)).toEqual(entries.filter((each) => each.position === position))
      }
    }),
  )
})

test('what is cut off or altered is a RangeError or other entries, never a hang or a crash', () => {
  const block = blockOf([entry({ context }), entry({ clientId: 'd' }), entry({ kind: entryKind.published })])
  fc.assert(
    fc.property(fc.nat(block.length - 1), fc.nat(255), fc.boolean(), (at, byte, cut) => {
      const bytes = Buffer.from(cut ? block.subarray(0, at) : block)
      if (!cut) bytes[at] = byte
      try {
        readBlock(bytes).entries()
      } catch (error) {
        expect(error).toBeInstanceOf(RangeError)
      }
    }),
  )
})

test('a block on the log is read as long as there are logs: these bytes never change', () => {
  const { published, publishRefused, written } = entryKind
  const start = 1_700_000_000_000_000
  const block = blockOf(
    [
      entry({ kind: published, startUs: start, middleUs: start + 900, endUs: start + 950, name: '', context }),
      entry({ qos: 2, middleUs: start + 200 }),
      entry({ kind: written, qos: 0, clientId: 'd', middleUs: start, endUs: start }),
      entry({ kind: written, qos: 0, clientId: 'e', middleUs: start, endUs: start }),
      entry({ kind: publishRefused, position: -1, code: 0x87, reason: 'reserved', name: '$SYS/x' }),
      entry({ kind: entryKind.refused, position: 999, attempt: 3, code: 0x97 }),
    ],
    { count: 5, first: 990, last: 1002 },
  )
  expect(block.toString('hex')).toMatchInlineSnapshot(
    `"01072a04617a2d610105de070c8080f9c0c1c48203b607b607010f07016303612f230164016506245359532f780872657365727665640001a33d0cf101000af7651916cd43dd8448eb211c80319cb7ad6b7169203331068080f9c0c1c4820310d00f008407320000230000c801ac0200010200000000020142030191d10f0000f40300040187010595d00f0000f403000103970106"`,
  )
})

test('a fan-out of one message costs three bytes a client, once the names are there', () => {
  const deliveries = Array.from({ length: 100 }, (_, i) =>
    entry({
      kind: entryKind.written,
      qos: 0,
      clientId: `c${i}`,
      middleUs: 1_700_000_000_000_000,
      endUs: 1_700_000_000_000_000,
    }),
  )
  const names = deliveries.reduce((sum, { clientId }) => sum + clientId.length + 1, 0)
  expect(blockOf(deliveries).length - names).toBeLessThan(100 * 3 + 60)
})

test('the hash of a name is part of the format', () => {
  expect([nameHash(''), nameHash('a/b'), nameHash('Größe')]).toMatchInlineSnapshot(`
    [
      2166136261,
      982414785,
      3470176162,
    ]
  `)
})

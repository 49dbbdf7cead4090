import { closeSync, openSync, readdirSync, rmSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { batchOf, textsOf } from '../log.contract.ts'
import { ternTopics } from '../topics.ts'
import { Catalog } from './catalog.ts'
import { removeFolder, temporaryFolder } from './process.fixture.ts'
import { createSegment } from './segment.ts'
import { Store } from './store.ts'

let folder: string
let time: number
beforeEach(() => {
  folder = temporaryFolder()
  time = 1_700_000_000_000
})
afterEach(() => removeFolder(folder))

const segmentBytes = 4096
const open = (create = createSegment): Store => {
  const catalog = new Catalog(join(folder, 'catalog'))
  const store = new Store({ folder, catalog, segmentBytes, now: () => time, create })
  store.provision(ternTopics(2))
  return store
}
const append = (store: Store, topic: string, text: string) =>
  store.append([{ topic, partition: 0, batch: batchOf(text) }])[0]
const all = (store: Store, topic: string): string[] => {
  const index = store.index(topic, 0)
  return textsOf(store.read(index, index.start, 1_000_000).batches)
}

/** Where the last frame of a text lies, to damage it. */
function overwrite(at: number, bytes: Buffer): void {
  const fd = openSync(join(folder, '0000000001.segment'), 'r+')
  writeSync(fd, bytes, 0, bytes.length, at)
  closeSync(fd)
}

test('a torn tail is cut off, and what follows is written over it', () => {
  const store = open()
  append(store, 'tern.messages', 'a')
  append(store, 'tern.messages', 'b')
  const place = store.index('tern.messages', 0).entries[1]?.place
  overwrite((place?.at ?? 0) + 64, Buffer.from([0xee, 0xee]))
  const again = open()
  expect(all(again, 'tern.messages')).toEqual(['0:a'])
  expect(append(again, 'tern.messages', 'c')).toMatchObject({ baseOffset: 1, refused: '' })
  expect(all(open(), 'tern.messages')).toEqual(['0:a', '1:c'])
})

test('damage before the end of the journal is not taken for a torn tail', () => {
  const store = open()
  for (let i = 0; i < 10; i++) append(store, 'tern.messages', 'x'.repeat(1000))
  const place = store.index('tern.messages', 0).entries[1]?.place
  overwrite((place?.at ?? 0) + 64, Buffer.from([0xee, 0xee]))
  expect(() => open()).toThrow(/damaged/)
})

test('a full disk refuses with a sentence, keeps what there is, and takes appends again when there is room', () => {
  let full = false
  const store = open((...given) => {
    if (full) throw new Error('ENOSPC: no space left on device')
    return createSegment(...given)
  })
  const text = 'x'.repeat(1500)
  append(store, 'tern.messages', text)
  full = true
  const outcomes = Array.from({ length: 3 }, () => append(store, 'tern.messages', text))
  expect(outcomes.at(-1)?.refused).toMatch(/no room for the log: ENOSPC/)
  full = false
  const end = store.index('tern.messages', 0).end
  expect(append(store, 'tern.messages', 'small')).toMatchObject({ baseOffset: end, refused: '' })
  const before = all(store, 'tern.messages')
  expect(all(open(), 'tern.messages')).toEqual(before)
})

test('a disk counts as full until it takes again as much as it refused, whatever smaller things still fit', () => {
  let full = false
  const store = open((...given) => {
    if (full) throw new Error('ENOSPC: no space left on device')
    return createSegment(...given)
  })
  const text = 'x'.repeat(1500)
  full = true
  while (append(store, 'tern.messages', text)?.refused === '') expect(store.refusal).toBeUndefined()
  expect(store.refusal).toMatch(/no room for the log: ENOSPC/)
  expect(append(store, 'tern.messages', 'small')?.refused).toBe('')
  expect(store.refusal).toBeDefined()
  full = false
  append(store, 'tern.messages', text)
  expect(store.refusal).toBeUndefined()
})

test('past the retention whole segments are given back, and what is kept for ever is carried over', async () => {
  const store = open()
  append(store, 'tern.control', 'term 1')
  append(store, 'tern.state', 'session')
  for (let i = 0; i < 10; i++) append(store, 'tern.messages', 'x'.repeat(1000))
  const segments = readdirSync(folder).length
  time += 73 * 3_600_000
  append(store, 'tern.control', 'term 2')
  await store.sealed()
  store.retain()
  expect(readdirSync(folder).length).toBeLessThan(segments)
  for (const each of [store, open()]) {
    expect(all(each, 'tern.control')).toEqual(['0:term 1', '1:term 2'])
    expect(all(each, 'tern.state')).toEqual(['0:session'])
    expect(each.index('tern.messages', 0).end).toBe(10)
    expect(all(each, 'tern.messages').length).toBeLessThan(10)
  }
  expect(append(open(), 'tern.messages', 'next')).toMatchObject({ baseOffset: 10 })
})

test('times never go back, also when the clock does', () => {
  const store = open()
  const first = append(store, 'tern.messages', 'a')
  time -= 5000
  expect(append(store, 'tern.messages', 'b')?.appendTimeMs).toBe(first?.appendTimeMs)
  expect(append(open(), 'tern.messages', 'c')?.appendTimeMs).toBe(first?.appendTimeMs)
})

const fill = async (store: Store, count: number) => {
  for (let i = 0; i < count; i++) {
    time += 1_000
    append(store, 'tern.messages', `${i} ${'x'.repeat(100)}`)
    if (i % 100 === 0) await store.sealed()
  }
  await store.sealed()
}
const numbers = (store: Store, from: number, bytesMax = 10_000_000): number[] => {
  const { batches } = store.read(store.index('tern.messages', 0), from, bytesMax)
  return textsOf(batches).map((text) => Number.parseInt(text.split(':')[1] ?? '', 10))
}

test('batches of complete segments are found by pages, and memory holds those of the last ones only', async () => {
  const store = open()
  await fill(store, 2_000)
  for (const each of [store, open()]) {
    const index = each.index('tern.messages', 0)
    expect(index.entries.length).toBeLessThan(50)
    expect(numbers(each, 0)).toEqual(Array.from({ length: 2_000 }, (_, i) => i))
    expect(numbers(each, 700, 1_000).slice(0, 3)).toEqual([700, 701, 702])
    expect(numbers(each, 700, 1_000).length).toBeLessThan(10)
    expect(numbers(each, 1_990)).toHaveLength(10)
    for (const offset of [0, 1, 255, 256, 999, 1_998, 1_999])
      expect(index.offsetAt(time - (1_999 - offset) * 1_000)).toBe(offset)
    expect(index.offsetAt(time + 1)).toBe(2_000)
  }
})

test('what could not be noted while the disk was full is noted later, and memory and segments are given back', async () => {
  let full = false
  class FillingCatalog extends Catalog {
    override putPage(...given: Parameters<Catalog['putPage']>): Promise<void> {
      return full ? Promise.reject(new Error('ENOSPC')) : super.putPage(...given)
    }
    override putNote(...given: Parameters<Catalog['putNote']>): Promise<void> {
      return full ? Promise.reject(new Error('ENOSPC')) : super.putNote(...given)
    }
  }
  const unnoted: number[] = []
  const catalog = new FillingCatalog(join(folder, 'catalog'))
  const notSealed = (segment: number) => unnoted.push(segment)
  const store = new Store({ folder, catalog, segmentBytes, now: () => time, create: createSegment, notSealed })
  store.provision(ternTopics(2))
  await fill(store, 200)
  full = true
  await fill(store, 200)
  expect(unnoted.length).toBeGreaterThan(2)
  full = false
  unnoted.length = 0
  await fill(store, 200)
  expect(unnoted).toEqual([])
  expect(store.index('tern.messages', 0).entries.length).toBeLessThan(50)
  expect(numbers(store, 0)).toHaveLength(600)
  const segments = readdirSync(folder).length
  time += 73 * 3_600_000
  store.retain()
  expect(readdirSync(folder).length).toBeLessThan(segments / 4)
  expect(open().index('tern.messages', 0).range()).toEqual({ start: 600, end: 600 })
})

test('a start reads the last segments alone, and all of them when the catalog is gone', async () => {
  await fill(open(), 500)
  // Unreadable: whoever looks at it says that the journal is damaged.
  overwrite(2_000, Buffer.from([0xee, 0xee]))
  expect(open().index('tern.messages', 0).end).toBe(500)
  rmSync(join(folder, 'catalog'), { recursive: true })
  expect(() => open()).toThrow(/damaged/)
})

test('without its catalog a store finds everything again', async () => {
  const store = open()
  await fill(store, 500)
  store.trim(store.index('tern.messages', 0), 123)
  rmSync(join(folder, 'catalog'), { recursive: true })
  const again = open()
  await again.sealed()
  expect(numbers(again, 123)).toEqual(Array.from({ length: 377 }, (_, i) => 123 + i))
  expect(numbers(open(), 123)).toHaveLength(377)
})

test('the start that retention made survives a restart, and what is left can be read', async () => {
  const store = open()
  await fill(store, 500)
  time += 72 * 3_600_000 - 300_000
  store.retain()
  const { start, end } = store.index('tern.messages', 0)
  expect([start, end]).toEqual([199, 500])
  const again = open()
  expect(again.index('tern.messages', 0).range()).toEqual({ start, end })
  expect(numbers(again, start)[0]).toBe(199)
})

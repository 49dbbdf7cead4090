import { createMemoryLog, LogError, type MemoryLogFaults, ternTopics } from '@tern/log'
import { encodeBatch } from '@tern/record'
import { type Clock, silentLogger } from '@tern/runtime'
import { expect, test } from 'vitest'
import { encodeStateRecord, type StateEntry } from './state-record.ts'
import { openStateStore, StateRefused, Superseded } from './state-store.ts'

/** What is to happen much later. */
let later: (() => void)[] = []

/** Real turns of the event loop, short delays cut to none. */
const clock: Clock = {
  now: () => 0,
  after(delay, task) {
    if (delay > 1_000) {
      later.push(task)
      return { cancel() {} }
    }
    const immediate = setImmediate(task)
    return { cancel: () => clearImmediate(immediate) }
  },
  soon: (task) => void setImmediate(task),
}
const value = (broker: number): StateEntry => ({ $case: 'epochStart', value: { broker } })

async function world() {
  later = []
  const faults: MemoryLogFaults = {}
  const log = createMemoryLog({ now: () => 0, faults })
  await log.provision(ternTopics(1))
  const superseded: number[] = []
  const open = (epoch: number) =>
    openStateStore({
      log,
      queue: 0,
      epoch,
      broker: epoch,
      clock,
      logger: silentLogger,
      onSuperseded: () => superseded.push(epoch),
    })
  return { faults, log, open, superseded }
}

test('the next owner finds what was written and not what was deleted', async () => {
  const { open } = await world()
  const first = await open(1)
  await first.put([
    ['a', value(1)],
    ['b', value(2)],
  ])
  await first.put([['b', undefined]])
  const second = await open(2)
  expect([second.get('a'), second.get('b')]).toEqual([value(1), undefined])
})

test('the older of two owners steps down at its next write and never acknowledges it', async () => {
  const { open, superseded } = await world()
  const old = await open(1)
  const young = await open(2)
  await expect(old.put([['a', value(1)]])).rejects.toThrow(Superseded)
  expect(superseded).toEqual([1])
  await young.put([['b', value(2)]])
  expect(young.get('a')).toBeUndefined()
  await expect(old.put([['a', value(1)]])).rejects.toThrow(Superseded)
  const third = await open(3)
  expect([third.get('a'), third.get('b')]).toEqual([undefined, value(2)])
})

test('a check of the fence finds a higher epoch', async () => {
  const { open, superseded } = await world()
  const old = await open(1)
  await old.checkFence()
  await open(2)
  await expect(old.checkFence()).rejects.toThrow(Superseded)
  expect(superseded).toEqual([1])
})

test('an owner of a lower epoch cannot open', async () => {
  const { open } = await world()
  await open(2)
  await expect(open(1)).rejects.toThrow(Superseded)
})

test('a lost answer is looked up on the log and the write is not repeated', async () => {
  const { faults, log, open } = await world()
  const store = await open(1)
  let losses = 1
  faults.afterAppend = () => {
    if (losses-- > 0) throw new LogError('unknown', 'the answer was lost')
  }
  const before = (await log.offsets('tern.state', [0]))[0]!.end
  await store.put([['a', value(1)]])
  expect(store.get('a')).toEqual(value(1))
  expect((await log.offsets('tern.state', [0]))[0]!.end).toBe(before + 1)
})

test('a refused append is tried again', async () => {
  const { faults, open } = await world()
  const store = await open(1)
  let refusals = 2
  faults.beforeAppend = () => {
    if (refusals-- > 0) throw new LogError('refused', 'too few replicas')
  }
  await store.put([['a', value(1)]])
  expect(store.get('a')).toEqual(value(1))
})

test('an answer lost while a newer owner began is no acknowledgement', async () => {
  const { faults, log, open } = await world()
  const store = await open(1)
  faults.beforeAppend = () => {
    delete faults.beforeAppend
    log.append('tern.state', 0, encodeBatch([encodeStateRecord(['epoch/2', value(2)], { epoch: 2, number: 1 })]))
    throw new LogError('unknown', 'the connection broke')
  }
  await expect(store.put([['a', value(1)]])).rejects.toThrow(Superseded)
  expect((await open(3)).get('a')).toBeUndefined()
})

test('a late record of a lower epoch is void and its key is asserted again', async () => {
  const { log, open } = await world()
  const store = await open(2)
  await store.put([['a', value(2)]])
  await log.append('tern.state', 0, encodeBatch([encodeStateRecord(['a', value(1)], { epoch: 1, number: 5 })]))
  await store.checkFence()
  expect(store.get('a')).toEqual(value(2))
  await store.put([])
  const { end } = (await log.offsets('tern.state', [0]))[0]!
  expect(end).toBe(4)
})

test('puts of one turn share an append', async () => {
  const { faults, open } = await world()
  const store = await open(1)
  let appends = 0
  faults.beforeAppend = () => {
    appends++
  }
  await Promise.all([store.put([['a', value(1)]]), store.put([['b', value(2)]])])
  expect(appends).toBe(1)
})

test('a put that is too large is refused at once', async () => {
  const { open } = await world()
  const store = await open(1)
  expect(() => store.put([['k'.repeat(1_000_001), value(1)]])).toThrow(StateRefused)
})

test('an owner that has nothing to write meets a void record too, before compaction could prefer it', async () => {
  const { open, log } = await world()
  await open(1)
  const second = await open(2)
  await second.put([['a', value(2)]])
  const late = encodeStateRecord(['a', value(1)], { epoch: 1, number: 99 })
  await log.append('tern.state', 0, encodeBatch([late]))
  const [before] = await log.offsets('tern.state', [0])
  for (const task of later.splice(0)) task()
  await expect.poll(async () => (await log.offsets('tern.state', [0]))[0]?.end).toBeGreaterThan(before?.end ?? 0)
  log.compact(0)
  expect((await open(3)).get('a')).toEqual(value(2))
})

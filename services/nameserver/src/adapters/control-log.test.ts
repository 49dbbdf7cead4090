import { createMemoryLog, type Log, ternTopics } from '@tern/log'
import { encodeBatch, encodeBody } from '@tern/record'
import { createLogger, silentLogger } from '@tern/runtime'
import { expect, test } from 'vitest'
import { assigned, claimed, died, joined, region, snapshotEvent } from '../core/control.fixture.ts'
import { openControlLog } from './control-log.ts'

async function memoryLog(): Promise<Log> {
  const log = createMemoryLog({ now: () => 1 })
  await log.provision(ternTopics(2))
  return log
}

const before = [...region(2, ['az-a', 'az-b']), assigned(0, 0, 2), assigned(0, 1, 3), died(0, 2), assigned(0, 0, 3)]

test('what is appended is folded and told to listeners', async () => {
  const controlLog = await openControlLog(await memoryLog(), silentLogger)
  const heard: number[] = []
  controlLog.onChange(({ through }) => heard.push(through))
  await controlLog.append(before)
  await controlLog.caughtUp()
  expect(controlLog.state().routes.get(0)).toEqual({ queue: 0, broker: 3, epoch: 7 })
  expect(heard).toEqual([7])
})

test('who opens a trimmed log begins with the snapshot and knows the same', async () => {
  const log = await memoryLog()
  const first = await openControlLog(log, silentLogger)
  await first.append(before)
  await first.caughtUp()
  await first.append([snapshotEvent(first.state())])
  await first.caughtUp()
  await first.append([claimed(2, 'ns-b'), joined(9, 'late')])
  await first.trim(8)
  await first.caughtUp()
  const second = await openControlLog(log, silentLogger)
  await second.caughtUp()
  expect(second.state()).toEqual(first.state())
  expect((await log.offsets('tern.control', [0]))[0]?.start).toBe(8)
})

test('a log whose beginning is gone without a snapshot is refused in words, until there is one', async () => {
  const log = await memoryLog()
  const first = await openControlLog(log, silentLogger)
  await first.append(before.slice(0, 3))
  await first.append(before.slice(3))
  await first.caughtUp()
  await first.trim(3)
  const lines: string[] = []
  const second = await openControlLog(
    log,
    createLogger((line) => void lines.push(line)),
  )
  await expect(second.caughtUp()).rejects.toThrow('tern.control lacks its records from 0 to 2 and a snapshot of them')
  expect(lines.join()).toContain('lacks its records')
  await first.append([snapshotEvent(first.state())])
  await first.caughtUp()
  await expect.poll(() => second.state().through).toBe(8)
  await second.caughtUp()
  expect(second.state().routes).toEqual(first.state().routes)
})

test('a record that is no event is skipped and said', async () => {
  const log = await memoryLog()
  const lines: string[] = []
  const controlLog = await openControlLog(
    log,
    createLogger((line) => void lines.push(line)),
  )
  await log.append('tern.control', 0, encodeBatch([encodeBody(null, Buffer.from([0xff, 0xff]), [])]))
  await controlLog.append([claimed(1, 'ns-a')])
  await controlLog.caughtUp()
  expect(controlLog.state()).toMatchObject({ through: 1, leader: { claim: 1 } })
  expect(lines).toHaveLength(1)
  expect(lines[0]).toContain('is no event and is skipped')
})

test('a void snapshot is said', async () => {
  const lines: string[] = []
  const controlLog = await openControlLog(
    await memoryLog(),
    createLogger((line) => void lines.push(line)),
  )
  await controlLog.append(before)
  await controlLog.caughtUp()
  const late = snapshotEvent(controlLog.state())
  await controlLog.append([joined(0, 'slipped in')])
  await controlLog.append([late])
  await controlLog.caughtUp()
  expect(controlLog.state().snapshots.newest).toBeUndefined()
  expect(lines.join()).toContain('a snapshot of tern.control is void')
})

import { connectEmbeddedLog, type Log, LogError, ternTopics } from '@tern/log'
import { batchOf, textsOf } from '@tern/log/testing'
import { afterEach, expect, test } from 'vitest'
import { runService, type Service } from '../support/service.ts'
import { type SmallDisk, smallDisk } from '../support/small-disk.ts'

const padding = 'x'.repeat(5_000)
const undo: (() => unknown)[] = []
afterEach(async () => {
  for (const step of undo.splice(0).toReversed()) await step()
})

function start({ folder }: SmallDisk): Service {
  const flags = ['--listen', '127.0.0.1:0', '--data', folder]
  const service = runService('libs/log/src/embedded/main.ts', flags, { TERN_LOG_SEGMENT_BYTES: String(256 * 1024) })
  undo.push(async () => {
    service.process.kill('SIGKILL')
    await service.ended
  })
  return service
}

async function connect(service: Service): Promise<Log> {
  const log = connectEmbeddedLog(await service.ready)
  undo.push(() => log.close())
  return log
}

/** The log's words when it refuses, or undefined. */
const append = (log: Log, text: string): Promise<string | undefined> =>
  log.append('tern.messages', 0, batchOf(`${text} ${padding}`)).then(
    () => undefined,
    (error: unknown) => (error instanceof LogError ? `${error.failure}: ${error.message}` : String(error)),
  )

async function refusesToStart({ ended }: Service): Promise<void> {
  const { code, stderr } = await ended
  expect(stderr).toMatch(/^The log in .* cannot be opened: .*\n$/)
  expect(code).toBe(2)
}

async function stored(log: Log): Promise<string[]> {
  const found: string[] = []
  for (let next = 0; ; ) {
    const { batches, end } = await log.read('tern.messages', 0, next, 1024 * 1024)
    found.push(...textsOf(batches).map((text) => text.slice(0, text.indexOf(' '))))
    if (found.length === end) return found
    next = found.length
  }
}

test('a log on a full disk refuses, says so once and lives; with room again it goes on, and what it took is there', {
  timeout: 30_000,
}, async () => {
  const disk = smallDisk()
  undo.push(() => disk.remove())
  const service = start(disk)
  const log = await connect(service)
  await log.provision(ternTopics(1))
  let number = 0
  const take = async (count: number) => {
    for (let i = 0; i < count; i++) expect(await append(log, `${number++}`)).toBeUndefined()
  }
  await take(100)

  disk.fill()
  // What was made ready before is filled first.
  let refusal = await append(log, `${number}`)
  for (; refusal === undefined; refusal = await append(log, `${number}`)) number++
  for (let i = 0; i < 50; i++) expect(await append(log, `${number}`)).toBe(refusal)
  expect(refusal).toMatch(/^refused: the disk has no room for the log: /)
  expect(await stored(log)).toHaveLength(number)
  const told = (text: string) => service.lines().filter((line) => line.includes(text))
  expect(told('appends are refused until there is room')).toHaveLength(1)

  disk.free()
  await take(200)
  expect(told('the disk takes appends again')).toHaveLength(1)
  service.process.kill('SIGKILL')
  await service.ended
  const again = await connect(start(disk))
  expect(await stored(again)).toEqual(Array.from({ length: number }, (_, i) => `${i}:${i}`))
})

test('a log that is started on a full disk serves what it has, and refuses appends until there is room', {
  timeout: 30_000,
}, async () => {
  const disk = smallDisk()
  undo.push(() => disk.remove())
  const before = start(disk)
  const filled = await connect(before)
  await filled.provision(ternTopics(1))
  for (let i = 0; i < 100; i++) expect(await append(filled, `${i}`)).toBeUndefined()
  before.process.kill('SIGTERM')
  await before.ended

  disk.fill()
  if (!disk.isMounted) {
    await refusesToStart(start(disk))
    disk.free()
  }
  const log = await connect(start(disk))
  expect(await stored(log)).toHaveLength(100)
  let number = 100
  if (disk.isMounted) {
    let refusal = await append(log, `${number}`)
    for (; refusal === undefined; refusal = await append(log, `${number}`)) number++
    expect(refusal).toMatch(/^refused: the disk has no room for the log: /)
    disk.free()
  }
  expect(await append(log, `${number++}`)).toBeUndefined()
  expect(await stored(log)).toEqual(Array.from({ length: number }, (_, i) => `${i}:${i}`))
})

test('a log that is to begin on a full disk ends with a sentence each time, and begins once there is room', {
  timeout: 30_000,
}, async () => {
  const disk = smallDisk()
  undo.push(() => disk.remove())
  disk.fill()
  for (let attempt = 0; attempt < 3; attempt++) await refusesToStart(start(disk))
  disk.free()
  const log = await connect(start(disk))
  await log.provision(ternTopics(1))
  expect(await append(log, '0')).toBeUndefined()
})

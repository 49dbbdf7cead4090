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

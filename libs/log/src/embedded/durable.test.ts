import { EventEmitter } from 'node:events'
import { fstatSync } from 'node:fs'
import { join } from 'node:path'
import type { log } from '@tern/proto'
import { silentLogger, systemClock } from '@tern/runtime'
import { expect, test } from 'vitest'
import { batchOf } from '../log.contract.ts'
import { ternTopics } from '../topics.ts'
import { Catalog } from './catalog.ts'
import { removeFolder, temporaryFolder } from './process.fixture.ts'
import { readWhole } from './segment.ts'
import { createLogService } from './service.ts'
import { Store } from './store.ts'

const segmentBytes = 8 * 1024
const rounds = 20
const together = 3

/** All that a file holds. */
function contentOf(fd: number): Buffer {
  const content = Buffer.alloc(fstatSync(fd).size)
  readWhole(fd, content, 0, content.length, 0)
  return content
}

test('no append is answered before a sync has put its record on the disk, which a kill cannot show', async () => {
  const folder = temporaryFolder()
  /** What a loss of power would leave, for each file. */
  const onDisk = new Map<number, Buffer>()
  const store = new Store({
    ...{ folder, segmentBytes, now: systemClock.now, catalog: new Catalog(join(folder, 'catalog')) },
    sync: (fd) => void onDisk.set(fd, contentOf(fd)),
  })
  store.provision(ternTopics(together))
  const fatal = (error: Error) => expect.fail(error.message)
  const service = createLogService(store, { clock: systemClock, logger: silentLogger, commitIntervalMs: 0, fatal })
  const answers: boolean[] = []
  let answered = () => {}
  const write = ({ id, outcomes }: log.AppendResponse) => {
    expect(outcomes.map(({ refused }) => refused)).toEqual(outcomes.map(() => ''))
    // Looked at when the answer leaves, not when it arrives.
    answers.push([...onDisk.values()].some((content) => content.includes(`<${id}>`)))
    if (answers.length % together === 0) answered()
  }
  const call = Object.assign(new EventEmitter(), { write })
  service.implementation['append']?.(call as never, undefined as never)
  for (let round = 0; round < rounds; round++) {
    const { promise, resolve } = Promise.withResolvers<void>()
    answered = resolve
    for (let partition = 0; partition < together; partition++) {
      const id = round * together + partition
      const records = batchOf(`<${id}> ${'x'.repeat(200)}`)
      call.emit('data', { id, batches: [{ topic: 'tern.messages', partition, records }] })
    }
    await promise
  }
  // Over several segments.
  expect(onDisk.size).toBeGreaterThan(1)
  expect(answers).toEqual(Array.from({ length: rounds * together }, () => true))
  await store.sealed()
  removeFolder(folder)
})

import { once } from 'node:events'
import { setTimeout as after } from 'node:timers/promises'
import { expect, onTestFinished, test } from 'vitest'
import { connectEmbeddedLog, ternTopics } from '../index.ts'
import { textsOf } from '../log.contract.ts'
import { type Draw, seeded, Writer } from './kills.fixture.ts'
import { removeFolder, spawnLog, startLogProcess, temporaryFolder } from './process.fixture.ts'

const seeds = Number(process.env['TERN_SEEDS'] ?? 2)
const rounds = 3
const clientCount = 3
const messagePartitions = 12
const statePartitions = 4
/** Small segments, so that every round completes some; everything may be compacted as soon as it is there. */
const environment = {
  TERN_LOG_SEGMENT_BYTES: String(64 * 1024),
  TERN_LOG_COMPACTION_LAG_MS: '0',
  TERN_LOG_COMPACTION_MIN_BYTES: '0',
}

/** A start that does not come to its end: the log is killed while it reads what is there, or compacts. */
async function killWhileStarting(folder: string, listen: string, draw: Draw): Promise<void> {
  const child = spawnLog(['--listen', listen, '--data', folder], environment)
  const exited = once(child, 'exit')
  await after(100 + draw(400))
  child.kill('SIGKILL')
  await exited
}

for (let seed = 1; seed <= seeds; seed++) {
  test(`seed ${seed}: a log killed at any moment under load keeps what it answered, once and in order`, {
    timeout: 60_000,
  }, async () => {
    const draw = seeded(seed)
    const folder = temporaryFolder()
    let running = await startLogProcess(folder, undefined, environment)
    const { address } = running
    const clients = Array.from({ length: clientCount }, () => connectEmbeddedLog(address))
    onTestFinished(async () => {
      await running.kill()
      await Promise.all(clients.map((client) => client.close()))
      removeFolder(folder)
    })
    const clientOf = (i: number) => clients[i % clientCount] as (typeof clients)[number]
    await clientOf(0).provision(ternTopics(messagePartitions))
    const writers = [
      ...Array.from({ length: messagePartitions }, (_, i) => new Writer('tern.messages', i, draw)),
      ...Array.from({ length: statePartitions }, (_, i) => new Writer('tern.state', i, draw)),
    ]
    const tailed: string[] = []
    const tail = clientOf(1).tail('tern.messages', 0, 0, (bytes) => void tailed.push(...textsOf(bytes)))
    const judge = () => Promise.all(writers.map((writer, i) => writer.judge(clientOf(i))))
    const wrong = () => writers.flatMap((writer) => writer.wrong.slice(0, 3))

    for (let round = 0; round < rounds; round++) {
      // Who rests has nothing in the last segments, from which a start reads.
      const writing = writers.map((writer, i) => (draw(4) === 0 ? undefined : writer.write(clientOf(i))))
      await after(50 + draw(250))
      await running.kill()
      await Promise.all(writing)
      if (draw(2) === 0) await killWhileStarting(folder, address, draw)
      running = await startLogProcess(folder, address, environment)
      await judge()
      expect(wrong()).toEqual([])
    }
    // Left alone, it comes to the end of compacting: nothing but the newest of each key.
    const excess = async () => Promise.all(writers.map((writer, i) => writer.excess(clientOf(i))))
    await expect.poll(excess, { timeout: 15_000 }).toEqual(writers.map(() => 0))
    await judge()
    expect(wrong()).toEqual([])
    await expect.poll(() => tailed, { timeout: 5_000 }).toEqual(writers[0]?.texts())
    const sum = (count: (writer: Writer) => number) => writers.reduce((all, writer) => all + count(writer), 0)
    expect(sum(({ answered }) => answered)).toBeGreaterThan(200)
    expect(sum(({ unanswered }) => unanswered)).toBeGreaterThan(rounds)
    tail.cancel()
  })
}

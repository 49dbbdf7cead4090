import { randomUUID } from 'node:crypto'
import { setTimeout as after } from 'node:timers/promises'
import { connectKafkaLog, type Log, type LogError, ternTopics } from '@tern/log'
import { batchOf } from '@tern/log/testing'
import { silentLogger, systemClock } from '@tern/runtime'
import { afterEach, expect, inject, test } from 'vitest'
import { ask } from '../../tools/kafka/control.ts'
import { seeded } from '../failure/random.ts'
import { Appending } from './appends.ts'
import { untilKafkaIsWhole } from './kafka-settings.ts'
import { Leaders } from './leaders.ts'
import { api, Relay, type Treat, type Treatment } from './relay.ts'

const bootstrap = inject('kafkaBootstrap')
const partitions = 6
const topic = 'tern.messages'
/** A client's own time-out, and a little. */

const undo: (() => unknown)[] = []
afterEach(async () => {
  for (const step of undo.splice(0).toReversed()) await step()
})

/** A log with topics of its own: as it is, and as a client sees it behind a relay. */
async function opened(treat: Treat): Promise<Readonly<{ direct: Log; client: Log; topic: string }>> {
  await untilKafkaIsWhole()
  const prefix = `${randomUUID().slice(0, 8)}.`
  const relay = await Relay.before(bootstrap, treat)
  undo.push(() => relay.close())
  const connect = async (addresses: string) => {
    const options = { bootstrap: addresses.split(','), prefix, clock: systemClock, logger: silentLogger }
    const log = await connectKafkaLog(options)
    undo.push(() => log.close())
    return log
  }
  const direct = await connect(bootstrap)
  await direct.provision(ternTopics(partitions))
  return { direct, client: await connect(relay.bootstrap), topic: `${prefix}${topic}` }
}

/** Ended also by a test that fails. */
function appendingTo(client: Log): Appending {
  const appending = new Appending(client, partitions)
  undo.push(() => appending.stop())
  return appending
}

async function judged(appending: Appending, direct: Log): Promise<void> {
  await appending.stop()
  await expect.poll(() => appending.tailsAreAt(direct), { timeout: 20_000 }).toBe(true)
  expect((await appending.contradictions(direct)).slice(0, 5)).toEqual([])
}

/** Appends while requests and answers are lost on the way, until twenty of each were. */
async function appendingUnderLoss(plant: (log: Log) => Log = (log) => log): Promise<readonly [Appending, Log]> {
  const random = seeded(1)
  const counts = new Map<Treatment, number>()
  let isBad = true
  const { direct, client } = await opened((apiKey) => {
    const drawn = random.below(12)
    const lost = drawn === 0 ? 'not sent' : drawn === 1 ? 'answer lost' : 'served'
    const treatment = isBad ? lost : 'served'
    if (apiKey === api.produce) counts.set(treatment, (counts.get(treatment) ?? 0) + 1)
    return treatment
  })
  const appending = appendingTo(plant(client))
  await expect
    .poll(() => Math.min(counts.get('answer lost') ?? 0, counts.get('not sent') ?? 0), { timeout: 60_000 })
    .toBeGreaterThan(20)
  isBad = false
  return [appending, direct]
}

test('requests and answers that are lost on the way leave nothing acknowledged missing and nothing doubled', async () => {
  const [appending, direct] = await appendingUnderLoss()
  await judged(appending, direct)
  expect(appending.told('unknown')).toBeGreaterThan(20)
  expect(appending.told()).toBeGreaterThan(100)
})

type Guess = (log: Log, ...append: Parameters<Log['append']>) => ReturnType<Log['append']>

/** A log of which `guess` says what became of an append whose outcome is unknown. */
function guessing(log: Log, guess: Guess): Log {
  const append: Log['append'] = (...asked) =>
    log.append(...asked).catch((error: LogError) => {
      if (error.failure !== 'unknown') throw error
      return guess(log, ...asked)
    })
  return new Proxy(log, {
    get: (target, name) => {
      const value: unknown = Reflect.get(target, name)
      return name === 'append' ? append : typeof value === 'function' ? value.bind(target) : value
    },
  })
}

const guesses: [string, Guess, RegExp][] = [
  [
    'that it was written',
    async (log, name, partition) => {
      const [range] = await log.offsets(name, [partition])
      return { baseOffset: (range?.end ?? 0) - 1, appendTimeMs: 0 }
    },
    /was acknowledged at \d+, and the log has/,
  ],
  ['that it was not', (log, ...asked) => log.append(...asked), /is there as .* and/],
]

test.each(guesses)('planted: a client that guesses %s is found', async (_, guess, found) => {
  const [appending, direct] = await appendingUnderLoss((log) => guessing(log, guess))
  await appending.stop()
  expect((await appending.contradictions(direct)).join('\n')).toMatch(found)
})

test('leaders that move while appends are under way lose and double nothing', async () => {
  const { direct, client, topic: name } = await opened(() => 'served')
  const leaders = await Leaders.of(bootstrap, name)
  undo.push(() => leaders.stop())
  const appending = appendingTo(client)
  for (let move = 0; move < 5; move++) {
    const told = appending.told()
    await leaders.move()
    await expect.poll(() => appending.told(), { timeout: 10_000 }).toBeGreaterThan(told + 100)
  }
  await judged(appending, direct)
  expect(appending.told('refused')).toBe(0)
})

test.each([
  ['kill', 'dies'],
  ['pause', 'stands still'],
] as const)('%s: a node that %s under appends loses and doubles nothing', async (action, fate) => {
  const { direct, client } = await opened(() => 'served')
  const appending = appendingTo(client)
  await expect.poll(() => appending.told(), { timeout: 10_000 }).toBeGreaterThan(100)
  await ask(inject('kafkaControl'), action, '2')
  undo.push(() => ask(inject('kafkaControl'), 'restart', '2'))
  // Every partition takes records again.
  const from = appending.outcomes.length
  const led = () =>
    new Set(
      appending.outcomes.slice(from).flatMap(({ partition, offset }) => (offset === undefined ? [] : [partition])),
    )
  await expect.poll(() => led().size, { timeout: 30_000 }).toBe(partitions)
  await ask(inject('kafkaControl'), 'restart', '2')
  await after(500)
  await judged(appending, direct)
  const stalls = appending.stallsMs.map(Math.round).toSorted((a, b) => a - b)
  process.stdout.write(
    `a Kafka node that ${fate}: each partition of a client stalls for at most ms: ${stalls.join(', ')}\n`,
  )
})

test('an answer that never comes is "unknown" in time, and the others are answered meanwhile', async () => {
  let silent = false
  const {
    direct,
    client,
    topic: name,
  } = await opened((apiKey) => (silent && apiKey === api.produce ? 'silent' : 'served'))
  const leaders = await Leaders.of(bootstrap, name)
  undo.push(() => leaders.stop())
  await client.append(topic, 0, batchOf('first'))
  silent = true
  let isAnswered = false
  const outcome = client
    .append(topic, 0, batchOf('second'))
    .catch((error: LogError) => error.failure)
    .finally(() => {
      isAnswered = true
    })
  await after(100)
  silent = false
  const led = await leaders.now()
  const elsewhere = led.findIndex((leader) => leader !== led[0])
  await client.append(topic, elsewhere, batchOf('elsewhere'))
  expect(isAnswered).toBe(false)
  expect(await outcome).toBe('unknown')
  // Then the log is asked, and tells.
  expect(await client.offsets(topic, [0])).toEqual([{ start: 0, end: 2 }])
  expect(await direct.offsets(topic, [0])).toEqual([{ start: 0, end: 2 }])
  expect(await client.append(topic, 0, batchOf('third'))).toMatchObject({ baseOffset: 2 })
})

import type { log } from '@tern/proto'
import { acceptStream, type RpcService, rpcError, unaryHandler } from '@tern/rpc'
import { type Clock, type Logger, Outage } from '@tern/runtime'
import { LogError, type TopicSpec } from '../log.ts'
import { createPace } from '../pace.ts'
import { CommitRefused } from './journal.ts'
import { asBuffer, logService } from './method-definitions.ts'
import { LogCounters } from './metrics.ts'
import type { Append, Index, Outcome, Store } from './store.ts'

type Waiting = Readonly<{ request: log.AppendRequest; answer: (response: log.AppendResponse) => void }>

const tailBytesMax = 1024 * 1024

export type LogServiceOptions = Readonly<{
  clock: Clock
  logger: Logger
  /** From the begin of one commit to that of the next, at least; 0: as soon as there is something to commit. */
  commitIntervalMs: number
  counters?: LogCounters
  /** Milliseconds, with their fractions: a commit takes few. */
  stopwatch?: () => number
  /** Called when the disk failed in a way after which nothing can be promised. */
  fatal(error: Error): void
}>

/** tern.log.v1 over a store. */
export function createLogService(store: Store, options: LogServiceOptions): RpcService {
  const tails = new Set<() => void>()
  const counters = options.counters ?? new LogCounters()
  const gather = gatherAppends(store, tails, { ...options, counters })
  const implementation: log.LogServiceServer = {
    append: (call) => {
      const stream = acceptStream(call)
      stream.listen({ frame: (request) => gather({ request, answer: (response) => stream.send(response) }), end() {} })
    },
    read: unaryHandler(({ topic, partition, from, bytesMax }) =>
      answering(() => store.read(store.index(topic, partition), from, bytesMax)),
    ),
    offsets: unaryHandler(({ partitions }) =>
      answering(() => ({ ranges: partitions.map(({ topic, partition }) => store.index(topic, partition).range()) })),
    ),
    tail: (call) => {
      const { topic, partition, from } = call.request
      try {
        serveTail(store, store.index(topic, partition), from, call, tails)
      } catch (error) {
        call.emit('error', statusOf(error as Error))
      }
    },
    offsetAt: unaryHandler(({ topic, partition, timeMs }) =>
      answering(() => ({ offset: store.index(topic, partition).offsetAt(timeMs) })),
    ),
    trim: unaryHandler(({ topic, partition, before }) =>
      answering(() => {
        store.trim(store.index(topic, partition), before)
        return {}
      }),
    ),
    provision: unaryHandler(({ topics }) =>
      answering(() => {
        store.provision(topics as TopicSpec[])
        return {}
      }),
    ),
  }
  return { definition: logService, implementation }
}

/** All that arrives until the next commit shares one write and one fdatasync. */
function gatherAppends(
  store: Store,
  tails: ReadonlySet<() => void>,
  {
    clock,
    logger,
    commitIntervalMs,
    counters,
    stopwatch = clock.now,
    fatal,
  }: LogServiceOptions & Readonly<{ counters: LogCounters }>,
) {
  let waiting: Waiting[] = []
  const disk = new Outage(
    logger,
    'appends are refused until there is room: make room on the disk that holds the log; nothing is lost meanwhile',
    'the disk takes appends again',
  )
  const ask = createPace(clock, commitIntervalMs, () => {
    const now = waiting
    waiting = []
    try {
      const appends = now.flatMap(({ request }) =>
        request.batches.map(({ topic, partition, records }) => ({ topic, partition, batch: asBuffer(records) })),
      )
      const began = stopwatch()
      const outcomes = store.append(appends)
      counters.commitDelay.record((stopwatch() - began) / 1000)
      countCommit(counters, appends, outcomes)
      counters.tails = tails.size
      let at = 0
      for (const { request, answer } of now) {
        answer({ id: request.id, outcomes: outcomes.slice(at, at + request.batches.length) })
        at += request.batches.length
      }
      for (const wake of tails) wake()
      if (store.refusal === undefined) disk.worked()
      else disk.failed(store.refusal)
    } catch (error) {
      fatal(error as Error)
    }
  })
  return (each: Waiting) => {
    waiting.push(each)
    ask()
  }
}

function countCommit(counters: LogCounters, appends: readonly Append[], outcomes: readonly Outcome[]): void {
  counters.commits++
  for (const [i, { batch }] of appends.entries()) {
    if (outcomes[i]?.refused !== '') counters.refused++
    else {
      counters.batches++
      counters.bytes += batch.length
    }
  }
}

type TailCall = Parameters<log.LogServiceServer['tail']>[0]

function serveTail(store: Store, index: Index, from: number, call: TailCall, tails: Set<() => void>): void {
  let next = from
  let full = false
  const pump = () => {
    while (!full) {
      const entries = index.from(Math.max(next, index.start), tailBytesMax)
      const last = entries.at(-1)
      if (last === undefined) return
      next = last.lastOffset + 1
      full = !call.write({ batches: store.bytesOf(entries), end: index.end })
    }
  }
  const over = () => tails.delete(pump)
  call.on('drain', () => {
    full = false
    pump()
  })
  call.on('cancelled', over)
  call.on('close', over)
  call.on('error', over)
  tails.add(pump)
  pump()
}

function answering<T>(work: () => T): T {
  try {
    return work()
  } catch (error) {
    throw statusOf(error as Error)
  }
}

function statusOf(error: Error): Error {
  if (error instanceof LogError && error.failure === 'out-of-range') return rpcError('OUT_OF_RANGE', error.message)
  if (error instanceof LogError || error instanceof CommitRefused) return rpcError('FAILED_PRECONDITION', error.message)
  return error
}

import { topicCount } from '@tern/proto'
import { type RpcService, rpcError, unaryHandler } from '@tern/rpc'
import type { Clock } from '@tern/runtime'
import type { Level } from '../../core/topic-counts/level.ts'
import type { Ownership } from '../queue/ownership.ts'
import type { QueueRunner } from '../queue/queue-runner.ts'

const queuesMax = 1_000
const topicsMax = 1_000
const textMax = 1_024

type Node = topicCount.LevelNode

/** A level of one queue with what is below it. */
export function levelPart(
  runner: QueueRunner | undefined,
  queue: number,
  { path, withoutChildren }: Pick<topicCount.ListLevelRequest, 'path' | 'withoutChildren'>,
  nowMs: number,
): topicCount.LevelPart {
  const nothing = { children: [], approximate: false, registers: new Uint8Array(), countedSinceMs: 0 }
  if (runner === undefined) return { queue, notOwner: true, level: undefined, ...nothing }
  const { topics, countedSinceMs } = runner
  const level = topics.find(path)
  if (level === undefined) return { queue, notOwner: false, level: undefined, ...nothing, countedSinceMs }
  const below = withoutChildren ? [] : [...(level.children ?? [])]
  const prefix = path === '' ? '' : path === '/' ? '/' : `${path}/`
  return {
    ...{ queue, notOwner: false, countedSinceMs },
    level: nodeOf(runner, path, path, level, nowMs),
    children: below.map(([name, child]) => nodeOf(runner, name, `${prefix}${name}`, child, nowMs)),
    approximate: level.met !== undefined || topics.incomplete,
    registers: level.met?.registers ?? new Uint8Array(),
  }
}

export function searchPart(
  runner: QueueRunner | undefined,
  queue: number,
  request: Pick<topicCount.SearchLevelsRequest, 'text' | 'topicsMax'>,
  nowMs: number,
): topicCount.SearchPart {
  if (runner === undefined) return { queue, notOwner: true, topics: [], more: false }
  const most = Math.min(request.topicsMax || topicsMax, topicsMax)
  const { found, more } = runner.topics.search(request.text.toLowerCase(), most)
  const topics = found.map(({ path, level }) => nodeOf(runner, path, path, level, nowMs))
  return { queue, notOwner: false, topics, more }
}

function nodeOf(
  { retained, countedSinceMs }: QueueRunner,
  name: string,
  path: string,
  level: Level,
  nowMs: number,
): Node {
  const children = [...(level.children?.values() ?? [])]
  const leaves = children.filter((child) => child.children === undefined).length
  const rates = level.rates(nowMs, countedSinceMs)
  return {
    ...{ name, isTopic: level.isTopic, leaves, branches: children.length - leaves },
    ...{ messages: level.messages, bytes: level.bytes, lastPublishMs: level.lastPublishMs },
    ...{ messagesPerSecond: rates.messages, bytesPerSecond: rates.bytes },
    ...{ retained: retained.has(path), lastPosition: level.lastPosition },
  }
}

/** Serves whichever incarnation this process is at the moment. */
export function topicCountRpcService(ownership: () => Ownership | undefined, clock: Clock): RpcService {
  const partsOf = <Part>(queues: readonly number[], part: (runner: QueueRunner | undefined, queue: number) => Part) => {
    const present = ownership()
    if (present === undefined) throw rpcError('UNAVAILABLE', 'this broker is between two incarnations')
    if (queues.length > queuesMax) throw rpcError('INVALID_ARGUMENT', `ask for at most ${queuesMax} queues at once`)
    return { parts: queues.map((queue) => part(present.get(queue), queue)) }
  }
  const implementation: topicCount.TopicCountServiceServer = {
    listLevel: unaryHandler((request) =>
      partsOf(request.queues, (runner, queue) => levelPart(runner, queue, request, clock.now())),
    ),
    searchLevels: unaryHandler((request) => {
      if (request.text.length > textMax) throw rpcError('INVALID_ARGUMENT', `search for at most ${textMax} characters`)
      return partsOf(request.queues, (runner, queue) => searchPart(runner, queue, request, clock.now()))
    }),
  }
  return { definition: topicCount.TopicCountServiceService, implementation }
}

import { type topicCount, topics } from '@tern/proto'
import { timestampOf } from '../api/message.ts'

type Part = topicCount.LevelPart
type Node = topicCount.LevelNode

export type MergedLevel = Readonly<{
  level: Node | undefined
  children: readonly Node[]
  /** All children, about. */
  total: number
  approximate: boolean
  countedSinceMs: number
}>

/** What the owners of the queues counted at one level, together. A child's own children are those that are in one queue only, and as many others as the queue has that knows most. */
export function mergedLevel(parts: readonly Part[]): MergedLevel {
  const levels = parts.flatMap(({ level }) => level ?? [])
  const children = new Map<string, Node>()
  for (const part of parts) {
    for (const child of part.children) {
      const known = children.get(child.name)
      children.set(child.name, known ? together(known, child) : child)
    }
  }
  const crowded = parts.filter(({ registers }) => registers.length > 0)
  return {
    level: levels.length === 0 ? undefined : levels.reduce(together),
    children: [...children.values()],
    total: Math.max(children.size, Math.round(distinctIn(crowded.map(({ registers }) => registers)))),
    approximate: parts.some(({ approximate }) => approximate),
    countedSinceMs: Math.max(0, ...parts.map(({ countedSinceMs }) => countedSinceMs)),
  }
}

export const together = (a: Node, b: Node): Node => ({
  name: a.name,
  isTopic: a.isTopic || b.isTopic,
  leaves: a.leaves + b.leaves,
  branches: Math.max(a.branches, b.branches),
  messages: a.messages + b.messages,
  bytes: a.bytes + b.bytes,
  messagesPerSecond: a.messagesPerSecond + b.messagesPerSecond,
  bytesPerSecond: a.bytesPerSecond + b.bytesPerSecond,
  lastPublishMs: Math.max(a.lastPublishMs, b.lastPublishMs),
  retained: a.retained || b.retained,
  lastPosition: Math.max(a.lastPosition, b.lastPosition),
})

/** A level as the public API shows it, under a path. */
export function topicNode(node: Node, path: string): topics.TopicNode {
  const name = path.slice(path.lastIndexOf('/') + 1)
  return topics.TopicNode.create({
    ...{ name, path, isTopic: node.isTopic, children: node.leaves + node.branches },
    ...{ messages: node.messages, bytes: node.bytes, retained: node.retained },
    ...{ messagesPerSecond: node.messagesPerSecond, bytesPerSecond: node.bytesPerSecond },
    ...(node.lastPublishMs > 0 && { lastPublish: timestampOf(node.lastPublishMs) }),
  })
}

export const childPath = (path: string, name: string): string => {
  if (path === '') return name === '' ? '/' : name
  return path === '/' ? `/${name}` : `${path}/${name}`
}

export const orders = {
  rate: (a: Node, b: Node) => b.messagesPerSecond - a.messagesPerSecond || b.messages - a.messages || byName(a, b),
  bytes: (a: Node, b: Node) => b.bytes - a.bytes || byName(a, b),
  name: (a: Node, b: Node) => byName(a, b),
} as const

const byName = (a: Node, b: Node): number => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0)

/** Of sketches of several queues, by their greater registers (HyperLogLog, with its correction for few). */
function distinctIn(sketches: readonly Uint8Array[]): number {
  const [first] = sketches
  if (first === undefined) return 0
  const registers = Array.from(first, (_, i) => Math.max(...sketches.map((each) => each[i] ?? 0)))
  const count = registers.length
  const sum = registers.reduce((total, register) => total + 2 ** -register, 0)
  const estimate = ((0.7213 / (1 + 1.079 / count)) * count * count) / sum
  const empty = registers.filter((register) => register === 0).length
  return estimate <= 2.5 * count && empty > 0 ? count * Math.log(count / empty) : estimate
}

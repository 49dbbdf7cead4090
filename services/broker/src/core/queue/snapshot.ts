import { state } from '@tern/proto'
import { type ConnectionNumber, QueueState } from './queue-state.ts'

type Part = state.SnapshotPart
type ListName = 'producers' | 'connections' | 'wills' | 'openExchanges' | 'voidPositions' | 'publishers'

/** A part stays far below the limit of a batch; client ids are at most 64 KiB each. */
const partBytesMax = 256 * 1024

/** The verdicts of a queue so far, cut into records (rule 4). The last part closes the snapshot. */
export function partsOf(queue: QueueState): Part[] {
  const position = queue.next - 1
  const { settledThrough, publishers } = queue
  const publishersSinceMs = publishers.since
  const foreignBehind = queue.next - queue.movedBelow
  const empty = (part: number) =>
    state.SnapshotPart.create({
      ...{ position, part, retainedThrough: position, settledThrough, foreignBehind, publishersSinceMs },
    })
  const parts: Part[] = []
  let bytes = Number.POSITIVE_INFINITY
  const add = <Name extends ListName>(name: Name, item: Part[Name][number], size: number) => {
    if (bytes + size > partBytesMax) {
      parts.push(empty(parts.length))
      bytes = 0
    }
    bytes += size
    const list = parts.at(-1)?.[name] as Part[Name][number][]
    list.push(item)
  }
  for (const [producer, { sequence, ended, refused }] of queue.producers) {
    const named = typeof producer === 'string'
    const codes = Array.from(refused ?? [], ([of, reasonCode]) => ({ sequence: of, reasonCode }))
    const name = { producer: named ? 0 : producer, producerName: named ? producer : '' }
    add('producers', { ...name, sequence, ended, refused: codes }, 32 + name.producerName.length + 16 * codes.length)
  }
  for (const [clientId, connection] of queue.connections) {
    add('connections', { clientId, connection }, 24 + clientId.length)
  }
  for (const [clientId, { connection, position: at }] of queue.wills) {
    add('wills', { clientId, connection, position: at }, 34 + clientId.length)
  }
  for (const { clientId, key, position: at } of queue.exchanges()) {
    add('openExchanges', { clientId, key, position: at }, 48 + clientId.length)
  }
  for (const progress of publishers.progress()) {
    add('publishers', progress, 24 + progress.name.length + 24 * progress.recent.length)
  }
  for (const [at, reason] of queue.voidPositions) {
    add('voidPositions', at, 11)
    parts.at(-1)?.voidReasons.push(reason)
  }
  parts.push(empty(parts.length))
  for (const part of parts) part.parts = parts.length
  parts[parts.length - 1] = { ...(parts.at(-1) as Part), closing: true }
  return parts
}

/** The state that the parts of a set tell of; undefined when they are no whole snapshot. */
export function stateOf(parts: readonly Part[]): QueueState | undefined {
  const closing = parts.find((part) => part.closing)
  if (closing === undefined) return undefined
  const whole = parts.filter(({ position, part }) => position === closing.position && part < closing.parts)
  if (new Set(whole.map(({ part }) => part)).size !== closing.parts) return undefined
  const queue = new QueueState(closing.position + 1)
  queue.settledThrough = closing.settledThrough
  queue.movedBelow = queue.next - closing.foreignBehind
  queue.publishers.began(closing.publishersSinceMs)
  for (const part of whole) {
    queue.publishers.restore(part.publishers)
    for (const { producer, producerName, sequence, ended, refused } of part.producers) {
      const will = willOf(producerName)
      if (will !== undefined) {
        queue.noteWill(will.clientId, will.connection, closing.position)
        continue
      }
      const key = producerName || producer
      queue.producers.set(key, { sequence, ended })
      for (const { sequence: of, reasonCode } of refused) queue.keepRefusal(key, of, reasonCode)
    }
    for (const { clientId, connection, position } of part.wills) {
      queue.noteWill(clientId, connection as ConnectionNumber, position)
    }
    for (const { clientId, connection } of part.connections) {
      queue.connections.set(clientId, connection as ConnectionNumber)
    }
    for (const { clientId, key, position } of part.openExchanges) if (key) queue.open(clientId, key, position)
    for (const [i, position] of part.voidPositions.entries()) queue.noteVoid(position, part.voidReasons[i] ?? 0)
  }
  return queue
}

/** Earlier snapshots have each will as a producer of its own. */
function willOf(producerName: string): { clientId: string; connection: ConnectionNumber } | undefined {
  const [, clientId, epoch, counter] = /^will\/(.*)\/(\d+)\.(\d+)$/s.exec(producerName) ?? []
  if (clientId === undefined) return undefined
  return { clientId, connection: { epoch: Number(epoch), counter: Number(counter) } }
}

import { positionsPerGroup } from '@tern/record'
import type { TraceIds } from '@tern/telemetry'
import type { Stretch } from '../../core/index/stretch.ts'
import type { TraceIndex } from '../../core/index/trace-index.ts'
import type { Story, Told } from '../../core/story/story.ts'
import type { MessageReader } from '../log/message-reader.ts'
import type { PlacedRecord, RecordReader } from '../log/record-reader.ts'

export type StoriesOptions = Readonly<{
  index: TraceIndex
  records: RecordReader
  messages: MessageReader
  traceIds: TraceIds
}>

/** Puts together what the log and the ledger tell of messages. */
export class Stories {
  private readonly options: StoriesOptions

  constructor(options: StoriesOptions) {
    this.options = options
  }

  /** Of each position of one queue; what nobody tells anything of is left out. */
  async of(queue: number, positions: ReadonlySet<number>, signal?: AbortSignal): Promise<Story[]> {
    const { index, messages, traceIds } = this.options
    const [told, stored] = await Promise.all([this.toldOf(queue, positions, signal), messages.read(queue, positions)])
    const stories: Story[] = []
    for (const position of positions) {
      const ofIt = told.get(position) ?? []
      const message = stored.get(position)
      if (message === undefined && ofIt.length === 0) continue
      const context = message?.context ?? ofIt.find((each) => each.context !== undefined)?.context
      const traceId = context?.traceId ?? traceIds.traceIdOf(queue, position)
      stories.push({ traceId, queue, position, message, told: ofIt, incomplete: index.isIncomplete(queue, position) })
    }
    return stories
  }

  private async toldOf(
    queue: number,
    positions: ReadonlySet<number>,
    signal: AbortSignal | undefined,
  ): Promise<Map<number, Told[]>> {
    const told = new Map<number, Told[]>()
    for (const { first, end, bytes } of this.stretchesOf(queue, positions)) {
      signal?.throwIfAborted()
      for (const placed of await this.options.records.read(queue, first, end, bytes)) {
        for (const each of toldIn(placed, queue, positions)) {
          const known = told.get(each.position)
          if (known === undefined) told.set(each.position, [each])
          else known.push(each)
        }
      }
    }
    return told
  }

  private stretchesOf(queue: number, positions: ReadonlySet<number>): ReadonlySet<Stretch> {
    const { index } = this.options
    const firsts = new Map([...positions].map((position) => [groupOf(position), position]))
    return new Set([...firsts.values()].flatMap((position) => index.ofPosition(queue, position)))
  }
}

/** Entries of these positions in one record, with whoever wrote them. */
export function toldIn({ record }: PlacedRecord, queue: number, positions?: ReadonlySet<number>): Told[] {
  const told: Told[] = []
  if (record.kind !== 'block') return told
  const { proxy, zone, groups } = record.block.head
  if (positions !== undefined) {
    const wanted = new Set([...positions].map(groupOf))
    if (!groups.some((group) => wanted.has(group))) return told
  }
  const entry = record.block.cursor()
  while (entry.next()) if (positions?.has(entry.position) ?? true) told.push({ ...entry.entry(), queue, proxy, zone })
  return told
}

const groupOf = (position: number): number => Math.floor(position / positionsPerGroup)

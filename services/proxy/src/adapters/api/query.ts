import { message, type messaging, type scan } from '@tern/proto'
import { readBody, unpack } from '@tern/record'
import { messageOf, timestampOf } from '../../core/api/message.ts'
import { badField, Refusal } from '../../core/api/refusal.ts'
import { checkRange, conditionsOf, pageSizeOf, sightOf, timeOf } from '../../core/query/conditions.ts'
import { queryLimits } from '../../core/query/limits.ts'
import { type PageItem, PageMerge, type QueueLook, type QueuePlace } from '../../core/query/page-merge.ts'
import { decodePageState, encodePageState, type PageState } from '../../core/query/places.ts'
import type { Message } from '../../ports.ts'
import type { Patience } from '../region/scans.ts'
import { type CallContext, type Looking, patienceFor } from './call.ts'

type Request = messaging.QueryMessagesRequest
type Shown = Readonly<{ record: Message; isVoid: boolean }>

type Question = Readonly<{
  conditions: scan.ScanConditions
  startMs: number | undefined
  endMs: number | undefined
  newestFirst: boolean
  pageSize: number
  /** What a token is bound to. */
  text: string
}>

/** Where a queue that did not say where it begins is looked at from. */
type Begun = Readonly<{ state: PageState; silent: readonly number[] }>

/** `QueryMessages`: scatters a look into the log over the owners of the queues, and brings what comes into one order. */
export class Queries {
  private readonly looking: Looking
  private running = 0

  constructor(looking: Looking) {
    this.looking = looking
  }

  async query(request: Request, call: CallContext): Promise<messaging.QueryMessagesResponse> {
    const question = questionOf(request)
    if (this.running >= queryLimits.queriesMax) {
      const words = `this proxy answers ${this.running} queries just now; come again in a second`
      throw new Refusal('RESOURCE_EXHAUSTED', 'TOO_MANY_QUERIES', words, { retryAfterMs: 1_000 })
    }
    this.running++
    try {
      return await this.page(request, question, patienceFor(call, this.looking.clock.now()))
    } finally {
      this.running--
    }
  }

  private async page(
    request: Request,
    question: Question,
    patience: Patience,
  ): Promise<messaging.QueryMessagesResponse> {
    const { traceIds, tokens } = this.looking
    const { state, silent } =
      request.pageToken === '' ? await this.begin(question, patience) : this.resume(request.pageToken, question)
    const room = { itemsMax: question.pageSize, bytesMax: queryLimits.answerBytesMax }
    const merge = new PageMerge<Shown>(state.places, question.newestFirst, room)
    for (const queue of silent) merge.leaveOut(queue)
    const { lookedAt, unreachable } = await this.look(merge, question, patience, sizeOf(request))
    merge.finish()
    const places = merge.places()
    const next = { places, scanned: state.scanned + passed(state.places, places, lookedAt), range: state.range }
    const scannedTo = merge.scannedTo()
    return {
      messages: merge.items.map(({ record, isVoid }) => ({ ...messageOf(record, traceIds, sightOf(request)), isVoid })),
      nextPageToken: next.places.length === 0 ? '' : tokens.write(encodePageState(next), question.text),
      scannedTo: scannedTo === undefined ? undefined : timestampOf(scannedTo),
      scannedMessages: next.scanned,
      rangeMessages: next.range,
      unreachableQueues: [...silent, ...unreachable].sort((a, b) => a - b),
    }
  }

  /** The range is what stands in it when the first page is asked for: who pages on comes to an end. */
  private async begin({ conditions, startMs, endMs, newestFirst }: Question, patience: Patience): Promise<Begun> {
    const { scans, clock } = this.looking
    const queues = scans.reach(conditions.filter)
    // A queue that is moving must not use up the time of all others.
    const half = { ...patience, until: clock.now() + (patience.until - clock.now()) / 2 }
    const extents = await scans.locate(queues, [startMs ?? 0, endMs ?? 0], half)
    const silent = queues.filter((queue) => !extents.has(queue))
    let range = 0
    const places = queues.map((queue): QueuePlace => {
      const extent = extents.get(queue)
      const low =
        extent === undefined ? 0 : startMs === undefined ? extent.start : (extent.positions[0] ?? extent.start)
      const high =
        extent === undefined ? endUnknown : endMs === undefined ? extent.end : (extent.positions[1] ?? extent.end)
      if (extent) range += Math.max(0, high - low)
      return newestFirst
        ? { queue, next: high, until: Math.min(low, high) }
        : { queue, next: low, until: Math.max(low, high) }
    })
    return { state: { places, scanned: 0, range }, silent }
  }

  private resume(token: string, { text, newestFirst }: Question): Begun {
    const state = decodePageState(this.looking.tokens.read(token, text), newestFirst)
    const known = state?.places.every(({ queue }) => queue < this.looking.scans.queues)
    if (!known || state === undefined)
      throw badField('page_token', 'PAGE_TOKEN_INVALID', 'is of another region; begin anew without it')
    return { state, silent: [] }
  }

  private async look(
    merge: PageMerge<Shown>,
    { conditions, startMs = 0, endMs = 0, newestFirst, pageSize }: Question,
    patience: Patience,
    bytesOf: (record: Message) => number,
  ): Promise<Readonly<{ lookedAt: ReadonlyMap<number, number>; unreachable: ReadonlySet<number> }>> {
    const { scans, clock } = this.looking
    const unreachable = new Set<number>()
    const lookedAt = new Map<number, number>()
    for (let wanted = merge.wanted(); wanted.length > 0 && !patience.signal.aborted; wanted = merge.wanted()) {
      const leftMs = patience.until - clock.now()
      if (leftMs <= 0) break
      const share = { recordsMax: recordsFor(pageSize, wanted.length), bytesMax: bytesFor(wanted.length) }
      const timed = { ...conditions, fromTimeMs: startMs, untilTimeMs: endMs }
      const wish = { conditions: timed, backwards: newestFirst, ...share, budgetMs: leftMs, waitMs: 0, sampleMax: 0 }
      const parts = wanted.map(({ queue, next, until }) => ({ queue, from: next, until }))
      const answers = await scans.scan(parts, wish, patience)
      for (const { queue } of wanted) {
        const answer = answers.get(queue)
        if (answer === undefined) {
          merge.leaveOut(queue)
          unreachable.add(queue)
          continue
        }
        lookedAt.set(queue, (lookedAt.get(queue) ?? 0) + answer.lookedAt)
        merge.take(lookOf(answer, newestFirst, bytesOf))
      }
      merge.advance()
    }
    return { lookedAt, unreachable }
  }
}

/** Of a queue whose owner did not answer: it is looked at to its end when it does. */
const endUnknown = Number.MAX_SAFE_INTEGER

/** Half as much again as a fair share, since some queues hold more than others. */
const recordsFor = (pageSize: number, queues: number): number =>
  Math.min(pageSize, Math.ceil((1.5 * pageSize) / queues) + 4)
const bytesFor = (queues: number): number =>
  Math.min(queryLimits.answerBytesMax, Math.max(64 * 1024, Math.ceil((2 * queryLimits.answerBytesMax) / queues)))

function questionOf(request: Request): Question {
  const startMs = timeOf('start_time', request.startTime)
  const endMs = timeOf('end_time', request.endTime)
  checkRange(startMs, endMs)
  const conditions = conditionsOf(request)
  const { newestFirst, pageSize } = request
  const { filter, publisherClientId, userProperties, payloadContains, includeVoid } = conditions
  const payload = Buffer.from(payloadContains).toString('base64')
  const text = JSON.stringify([
    filter,
    publisherClientId,
    userProperties,
    payload,
    includeVoid,
    startMs,
    endMs,
    newestFirst,
  ])
  return { conditions, startMs, endMs, newestFirst, pageSize: pageSizeOf(pageSize), text }
}

function lookOf(
  answer: scan.ScannedPart,
  newestFirst: boolean,
  bytesOf: (record: Message) => number,
): QueueLook<Shown> {
  const { queue, records, basePosition, baseTimeMs, voidPositions, next, done, timeMs } = answer
  const isVoid = new Set(voidPositions)
  const items = [...unpack(records, basePosition, baseTimeMs)].map((each): PageItem<Shown> => {
    const record = { queue, ...each }
    return {
      position: each.position,
      timeMs: each.timeMs,
      bytes: bytesOf(record),
      item: { record, isVoid: isVoid.has(each.position) },
    }
  })
  return { queue, items: newestFirst ? items.reverse() : items, next, done, timeMs }
}

/** What a message takes in the answer: its view may leave out most of it. */
function sizeOf(request: Request): (record: Message) => number {
  const { payloadPreviewBytes } = request
  const isBasic = request.view === message.MessageView.BASIC
  const shownMax = isBasic ? 0 : payloadPreviewBytes === 0 ? Number.POSITIVE_INFINITY : payloadPreviewBytes
  return ({ body }) => {
    const payloadBytes = readBody(body, 0, body.length).value?.length ?? 0
    return body.length - payloadBytes + Math.min(payloadBytes, shownMax) + addressBytes
  }
}

/** Ids and times that a message is shown with. */
const addressBytes = 128

/** By how much the places have moved; of a queue whose end was not known it is what was looked at. */
function passed(
  before: readonly QueuePlace[],
  after: readonly QueuePlace[],
  lookedAt: ReadonlyMap<number, number>,
): number {
  const left = new Map(after.map(({ queue, next }) => [queue, next]))
  let count = 0
  for (const { queue, next, until } of before) {
    const isUnknown = next === endUnknown || until === endUnknown
    count += isUnknown ? (lookedAt.get(queue) ?? 0) : Math.abs(next - (left.get(queue) ?? until))
  }
  return count
}

import { matches } from '@tern/mqtt'
import { message, messaging } from '@tern/proto'
import type { Clock } from '@tern/runtime'
import type { Looking } from '../looking-back.ts'
import { TernError } from '../tern-error.ts'
import { millisOf, timestampOf } from '../time.ts'

/** What a fake region has stored, in one queue, the newest `kept` of it. */
export class MessageStore implements Looking {
  private readonly clock: Clock
  private readonly kept: number
  private readonly stored: message.Message[] = []
  private readonly retained = new Map<string, message.Message>()
  private readonly followers = new Set<() => void>()
  private next = 0

  constructor(clock: Clock, kept: number) {
    this.clock = clock
    this.kept = kept
  }

  get messages(): readonly message.Message[] {
    return this.stored
  }

  add(given: message.Message, publisherClientId: string): message.Message {
    const offset = this.next++
    const stored: message.Message = {
      ...given,
      ...{ messageId: `0-${offset}`, position: { queue: 0, offset }, publisherClientId },
      publishTime: timestampOf(new Date(this.clock.now())),
      payloadSize: given.payload.length,
    }
    this.stored.push(stored)
    if (this.stored.length > this.kept) this.stored.shift()
    if (stored.retain) this.retain(stored)
    for (const follower of [...this.followers]) follower()
    return stored
  }

  retainedOf(filters: readonly string[]): message.Message[] {
    return [...this.retained.values()].filter(({ topic }) => filters.some((filter) => matches(filter, topic)))
  }

  async get({ messageId }: messaging.GetMessageRequest): Promise<messaging.GetMessageResponse> {
    const found = this.stored.find((each) => each.messageId === messageId)
    if (found === undefined) {
      const told = `nothing is stored as ${messageId}: ids are those of receipts and messages of this fake region`
      throw new TernError({ code: 'NOT_FOUND', reason: 'NEVER_STORED', message: told })
    }
    return { message: found }
  }

  /** All in one page. */
  async query(request: messaging.QueryMessagesRequest): Promise<messaging.QueryMessagesResponse> {
    const { startTime, endTime, payloadContains, newestFirst } = request
    const from = millisOf(startTime, 0)
    const until = millisOf(endTime, Number.POSITIVE_INFINITY)
    const messages = this.stored.filter((each) => {
      const at = millisOf(each.publishTime, 0)
      return (
        at >= from &&
        at < until &&
        fits(each, request) &&
        Buffer.from(each.payload).includes(Buffer.from(payloadContains))
      )
    })
    return messaging.QueryMessagesResponse.fromPartial({ messages: newestFirst ? messages.reverse() : messages })
  }

  async *replay(request: messaging.ReplayMessagesRequest): AsyncGenerator<messaging.ReplayMessagesResponse> {
    let offset = this.offsetOf(request.start)
    while (true) {
      const messages = this.stored.filter((each) => offsetOf(each) >= offset && fits(each, request))
      offset = this.next
      if (messages.length > 0) {
        yield messaging.ReplayMessagesResponse.fromPartial({ messages, cursor: `${offset}`, caughtUp: true })
      }
      if (!request.follow) return
      // What came while the caller worked on the last answer is there already.
      if (offset === this.next) await this.more()
    }
  }

  /** Where a subscriber or a replay begins; a cursor is the offset that a replay told. */
  offsetOf(start: message.StartPosition | undefined): number {
    const at = start?.at
    if (at?.$case === 'cursor') return Number(at.value)
    if (at?.$case === 'time') {
      const from = millisOf(at.value, 0)
      const first = this.stored.find(({ publishTime }) => millisOf(publishTime, 0) >= from)
      return first === undefined ? this.next : offsetOf(first)
    }
    return at?.value === message.StartPosition_Anchor.EARLIEST ? 0 : this.next
  }

  private retain(stored: message.Message): void {
    this.retained.delete(stored.topic)
    if (stored.payload.length === 0) return
    this.retained.set(stored.topic, stored)
    const [oldest] = this.retained.keys()
    if (this.retained.size > this.kept && oldest !== undefined) this.retained.delete(oldest)
  }

  private more(): Promise<void> {
    return new Promise((resolve) => {
      const follower = () => {
        this.followers.delete(follower)
        resolve()
      }
      this.followers.add(follower)
    })
  }
}

type Wish = Readonly<{
  topicFilter: string
  publisherClientId: string
  userProperties: readonly message.UserProperty[]
}>

function fits(each: message.Message, { topicFilter, publisherClientId, userProperties }: Wish): boolean {
  if (topicFilter !== '' && !matches(topicFilter, each.topic)) return false
  if (publisherClientId !== '' && publisherClientId !== each.publisherClientId) return false
  return hasProperties(each, userProperties)
}

export const hasProperties = (each: message.Message, wanted: readonly message.UserProperty[]): boolean =>
  wanted.every(({ name, value }) => each.userProperties.some((has) => has.name === name && has.value === value))

export const offsetOf = ({ position }: message.Message): number => position?.offset ?? 0

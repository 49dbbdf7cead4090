import { reasonName } from '@tern/mqtt'
import { CodeCounts, Histogram, RpcCalls } from '@tern/telemetry'

/** Why a message that was meant for a client never leaves to it, as metrics name it and as its trace says it. */
export const dropReasons = {
  slow_client: 'the client does not read',
  message_expired: 'its expiry interval passed',
  packet_too_large: 'larger than the client takes',
} as const

export type DropReason = keyof typeof dropReasons

/** What a proxy did since its process began, over all of its incarnations: plain numbers, so that a message costs an addition or two. */
export class ProxyCounters {
  /** Messages and their payload, by QoS: those on their way to a queue. */
  readonly published = [0, 0, 0]
  readonly publishedBytes = [0, 0, 0]
  readonly refused = new CodeCounts(reasonName)
  /** Times that a connection was not read on because the window of its message's queue was full. */
  heldForRoom = 0
  /** PUBLISH packets to clients and their bytes, by QoS. */
  readonly delivered = [0, 0, 0]
  readonly deliveredBytes = [0, 0, 0]
  readonly dropped: Record<DropReason, number> = { slow_client: 0, message_expired: 0, packet_too_large: 0 }
  /** From the publisher's proxy having a message to its being offered to clients here, as it comes; what is caught up is not counted. */
  readonly publishToOffer = new Histogram()
  readonly connects = new CodeCounts(reasonName)
  readonly endings = new CodeCounts(reasonName)
  /** Connections that broke without a word. */
  lost = 0
  turnedAway = 0
  sessions = 0
  subscribes = 0
  gaps = 0
  incarnations = 0
  /** Of the public API. */
  readonly calls = new RpcCalls()
  windowFullMs = 0

  publish(qos: number, bytes: number): void {
    this.published[qos]!++
    this.publishedBytes[qos]! += bytes
  }

  deliver(qos: number, bytes: number): void {
    this.delivered[qos]!++
    this.deliveredBytes[qos]! += bytes
  }
}

/** What a home holds at most, beside the quota on its sessions (`core/quotas.ts`). The answer to each is MQTT's 0x97, quota exceeded, unless it says otherwise. */
export const homeLimits = {
  subscriptionsMax: 10_000,
  /** Outbound QoS 2 exchanges of a session that are not done. */
  journalMax: 4_096,
  /** Ranges of a cursor, over all its queues. */
  cursorRangesMax: 20_000,
  /** Ended connections whose numbers are remembered; the oldest are forgotten. */
  endedMax: 100_000,
  /** At a takeover of a session that goes on, or of a connection with a will: how long the old proxy may take to say how it ended. */
  reportWaitMs: 300,
}

export const reasonCodes = { unspecified: 0x80, quotaExceeded: 0x97, administrativeAction: 0x98 }

/** The expiry interval that never ends [MQTT5-3.1.2.11.2]. */
export const neverExpires = 0xffff_ffff

/** What one subscriber's stream may ask for and have; each limit has an answer, which stands beside it. */
export const streamLimits = {
  /** SUBSCRIPTION_INVALID and TOO_MANY_FILTERS name the field. */
  filtersMax: 100,
  userPropertiesMax: 10,
  nameBytesMax: 256,
  ackDeadlineMs: { least: 10_000, usual: 30_000, most: 600_000 },
  nackDelayMsMax: 600_000,
  sessionExpiryMs: { usual: 3_600_000 },
  window: { messages: 256, messagesMax: 1_024, bytes: 4 * 1024 * 1024, bytesMax: 64 * 1024 * 1024 },
  /** Deliveries and bytes of one frame. More go in the next one. */
  deliveriesPerFrame: 64,
  frameBytes: 512 * 1024,
  /** Written and not taken by the transport: nothing more is delivered until it has. */
  unsentBytesMax: 1024 * 1024,
  /** Ids of one frame of acknowledgements. SUBSCRIPTION_INVALID. */
  ackIdsMax: 10_000,
  /** Frames that wait to be written: nothing more that the subscriber says is read until it reads. */
  framesWaitingMax: 256,
  heartbeatMs: 15_000,
  /** Between Moving and the end of the stream. */
  movingGraceMs: 1_000,
  pull: {
    /** SUBSCRIPTION_INVALID. */
    messages: { usual: 100, most: 1_000 },
    waitMs: { usual: 1_000, most: 20_000 },
    /** After the first message, so long for others. */
    gatherMs: 20,
    /** Sessions that this proxy keeps connected between calls. The one that was used longest ago is left then. */
    parkedMax: 1_000,
  },
} as const

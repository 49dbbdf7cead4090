/** What one publisher may have under way; each limit has an answer, which stands beside it. */
export const publishLimits = {
  /** Messages of a unary Publish. INVALID_ARGUMENT, TOO_MANY_MESSAGES. */
  messagesMax: 1_000,
  /** Unacknowledged items of a PublishStream. The stream is not read further until some are answered. */
  receiveMaximum: 1_000,
  /** Acks of one frame. More go in the next one. */
  acksPerFrame: 1_000,
  /** A client id or producer id, in UTF-8. INVALID_ARGUMENT, TEXT_TOO_LONG. */
  nameBytesMax: 256,
} as const

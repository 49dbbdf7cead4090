/** What one proxy does for those who look into the log. Beyond, the answer is a status with a reason. */
export const queryLimits = {
  pageSizeDefault: 50,
  /** More may be asked for; so many are given. */
  pageSizeMax: 1_000,
  /** Of the messages of an answer; one message always fits. */
  answerBytesMax: 2 * 1024 * 1024,
  /** A look at the log ends then, with what it found and a token. */
  budgetMs: 2_000,
  /** Of the time that a caller gives, so much is for the way back. */
  answerMs: 150,
  /** Queries of a proxy at the same time. */
  queriesMax: 32,
  /** Replays of a proxy at the same time. */
  replaysMax: 200,
  userPropertiesMax: 10,
  /** Names, values and client ids, as in MQTT. */
  textBytesMax: 65_535,
  payloadContainsMax: 4_096,
  resendMax: 100,
} as const

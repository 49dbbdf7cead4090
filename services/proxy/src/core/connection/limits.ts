/** What a proxy lets one client have. CONNACK announces those that MQTT 5 has a property for. */
export const connectionLimits = {
  /** Of a proxy, those that have sent nothing yet among them; unless it is told otherwise. */
  connectionsMax: 100_000,
  /** QoS 1 and 2 packets of a client that are not answered; beyond: 0x93 [MQTT5-3.3.4-9]. */
  receiveMaximum: 1_024,
  /** Versions before 5 cannot be told of the limit: their sockets are read no further than so many. */
  unansweredMaxBefore5: 8_192,
  /** A record has to fit into one batch of the log with its envelope. */
  packetBytesMax: 900_000,
  topicAliasMaximum: 16,
  /** Seconds; a client that asks for none gets none. */
  keepAliveGrace: 1.5,
  /** From the first byte on the wire to a whole CONNECT. */
  connectWithinMs: 10_000,
  /** Bytes that wait in a socket before its client counts as slow. */
  socketBytesMax: 256 * 1024,
  /** Bytes that wait in the socket of a client that goes on asking and does not read the answers: it is read no further. */
  answerBytesMax: 1024 * 1024,
  /** How often the log says why connections ended. */
  reportEveryMs: 10_000,
  checkpointEveryMs: 1_000,
  /** A quiet cursor is kept all the same, so that retention does not make a gap of nothing (D7). */
  quietCheckpointEveryMs: 600_000,
} as const

/** What one client may subscribe to; SUBACK says 0x97 to the filters beyond it. */
export const subscriptionLimits = {
  filtersMax: 10_000,
  /** Sets of levels at which the filters of a session have a `+`: the cost of matching grows with them. */
  shapesMax: 64,
  /** Those of all sessions at a proxy together. */
  shapesOfAllMax: 1_024,
} as const

/** The expiry interval that never ends [MQTT5-3.1.2.11.2]. */
export const neverExpires = 0xffff_ffff

import fc from 'fast-check'
import type { ClientPacket, Properties, ProtocolVersion, QoS, UserProperty } from '../packet.ts'
import { reasonCode } from '../reason-code.ts'

/** One packet in our words and in those of mqtt-packet (whose types only the codec may import). */
export type Pair = { ours: ClientPacket; theirs: Theirs }
export type Theirs = { cmd: string; [field: string]: unknown }

const defined = <T extends object>(value: T): T =>
  Object.fromEntries(Object.entries(value).filter(([, field]) => field !== undefined)) as T

const maybe = <T>(of: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> => fc.option(of, { nil: undefined })
const uint16 = fc.integer({ min: 0, max: 65_535 })
const uint32 = fc.integer({ min: 0, max: 4_294_967_295 })
const packetId = fc.integer({ min: 1, max: 65_535 })
const qos = fc.constantFrom<QoS>(0, 1, 2)
export const text = fc.string({ unit: 'binary', maxLength: 12 }).filter((value) => !value.includes('\0'))
export const binary = fc.uint8Array({ maxLength: 20 }).map((value) => Buffer.from(value))
export const topic = text.map((value) => `t${value.replaceAll(/[+#]/g, '/')}`)
const filter = text.map((value) => `f${value}`)

/** mqtt-packet keeps user properties by name, so their order is only ours to test: here each name comes once, in its order. */
export const userProperties: fc.Arbitrary<UserProperty[]> = fc.uniqueArray(
  fc.tuple(
    text.map((name) => `n${name}`),
    text,
  ),
  { minLength: 1, maxLength: 4, selector: ([name]) => name },
)

/** Our properties by mqtt-packet's names. */
export function theirProperties(ours: Properties) {
  const { subscriptionIdentifiers, userProperties: user, payloadFormatIndicator: format, ...same } = ours
  return defined({
    ...same,
    payloadFormatIndicator: format === undefined ? undefined : format === 1,
    userProperties: user === undefined ? undefined : Object.fromEntries(user),
    subscriptionIdentifier:
      subscriptionIdentifiers?.length === 1 ? subscriptionIdentifiers[0] : subscriptionIdentifiers,
  })
}

const record = (model: { [Name in keyof Properties]: fc.Arbitrary<Properties[Name]> }): fc.Arbitrary<Properties> =>
  fc.record(model, { requiredKeys: [] }) as fc.Arbitrary<Properties>

const ofMessage = {
  payloadFormatIndicator: fc.constantFrom(0, 1),
  messageExpiryInterval: uint32,
  contentType: text,
  responseTopic: topic,
  correlationData: binary,
  userProperties,
}

export const publishProperties = record({ ...ofMessage, topicAlias: packetId })
const willProperties = record({ ...ofMessage, willDelayInterval: uint32 })
const reasonProperties = record({ reasonString: text, userProperties })
const connectProperties = record({
  sessionExpiryInterval: uint32,
  receiveMaximum: packetId,
  maximumPacketSize: fc.integer({ min: 1, max: 4_294_967_295 }),
  topicAliasMaximum: uint16,
  requestResponseInformation: fc.boolean(),
  requestProblemInformation: fc.boolean(),
  userProperties,
  authenticationMethod: text,
})

const inVersion = (version: ProtocolVersion, properties: fc.Arbitrary<Properties>): fc.Arbitrary<Properties> =>
  version === 5 ? properties : fc.constant({})

export function connectPair(version: ProtocolVersion): fc.Arbitrary<Pair> {
  const will = fc.record({
    topic,
    payload: binary,
    qos,
    retain: fc.boolean(),
    properties: inVersion(version, willProperties),
  })
  return fc
    .record({
      // An identifier of at least one byte; mqtt-packet has its own opinion of empty ones.
      clientId: text.map((id) => `c${id}`),
      cleanStart: fc.boolean(),
      keepAliveSeconds: uint16,
      properties: inVersion(version, connectProperties),
      will: maybe(will),
      username: maybe(text.map((name) => `u${name}`)),
      password: maybe(binary),
    })
    .map(({ password, ...chosen }) => {
      const { will: ourWill, properties, username } = chosen
      const credentials = defined({ username, password: username === undefined ? undefined : password })
      return {
        ours: defined({
          type: 'connect' as const,
          protocolVersion: version,
          ...chosen,
          ...credentials,
        }) as ClientPacket,
        theirs: {
          cmd: 'connect',
          protocolId: version === 3 ? 'MQIsdp' : 'MQTT',
          protocolVersion: version,
          clientId: chosen.clientId,
          clean: chosen.cleanStart,
          keepalive: chosen.keepAliveSeconds,
          ...credentials,
          ...(ourWill === undefined ? {} : { will: { ...ourWill, properties: theirProperties(ourWill.properties) } }),
          properties: theirProperties(properties),
        },
      }
    })
}

export function publishPair(version: ProtocolVersion): fc.Arbitrary<Pair> {
  const chosen = { qos, dup: fc.boolean(), retain: fc.boolean(), topic, packetId, payload: binary }
  return fc
    .record({ ...chosen, properties: inVersion(version, publishProperties) })
    .map(({ packetId: id, dup, ...publish }) => {
      const repeated = dup && publish.qos > 0
      return {
        ours: { type: 'publish', ...publish, dup: repeated, packetId: publish.qos === 0 ? 0 : id },
        theirs: {
          cmd: 'publish',
          ...publish,
          dup: repeated,
          ...(publish.qos === 0 ? {} : { messageId: id }),
          properties: theirProperties(publish.properties),
        },
      }
    })
}

function ackPair(version: ProtocolVersion): fc.Arbitrary<Pair> {
  const { success, packetIdentifierNotFound, quotaExceeded } = reasonCode
  return fc
    .tuple(
      fc.constantFrom('puback', 'pubrec', 'pubrel', 'pubcomp'),
      packetId,
      fc.boolean(),
      maybe(inVersion(version, reasonProperties)),
    )
    .map(([type, id, fails, properties]) => {
      const failure = type === 'puback' || type === 'pubrec' ? quotaExceeded : packetIdentifierNotFound
      const code = fails && version === 5 ? failure : success
      return {
        ours: { type, packetId: id, reasonCode: code, properties: properties ?? {} },
        theirs: {
          cmd: type,
          messageId: id,
          reasonCode: code,
          ...(properties === undefined ? {} : { properties: theirProperties(properties) }),
        },
      }
    })
}

function subscribePair(version: ProtocolVersion): fc.Arbitrary<Pair> {
  const options =
    version === 5
      ? { noLocal: fc.boolean(), retainAsPublished: fc.boolean(), retainHandling: fc.constantFrom(0, 1, 2) }
      : { noLocal: fc.constant(false), retainAsPublished: fc.constant(false), retainHandling: fc.constant(0) }
  const subscriptions = fc.array(fc.record({ filter, qos, ...options }), { minLength: 1, maxLength: 4 })
  const identifiers = fc.integer({ min: 1, max: 268_435_455 }).map((identifier) => [identifier])
  const properties = inVersion(version, record({ subscriptionIdentifiers: identifiers, userProperties }))
  return fc.tuple(packetId, subscriptions, properties).map(([id, chosen, held]) => ({
    ours: { type: 'subscribe', packetId: id, subscriptions: chosen, properties: held } as ClientPacket,
    theirs: {
      cmd: 'subscribe',
      messageId: id,
      subscriptions: chosen.map((one) => ({
        topic: one.filter,
        qos: one.qos,
        nl: one.noLocal,
        rap: one.retainAsPublished,
        rh: one.retainHandling,
      })),
      properties: theirProperties(held),
    },
  }))
}

function unsubscribePair(version: ProtocolVersion): fc.Arbitrary<Pair> {
  const filters = fc.array(filter, { minLength: 1, maxLength: 4 })
  return fc
    .tuple(packetId, filters, inVersion(version, record({ userProperties })))
    .map(([id, unsubscriptions, properties]) => ({
      ours: { type: 'unsubscribe', packetId: id, filters: unsubscriptions, properties },
      theirs: { cmd: 'unsubscribe', messageId: id, unsubscriptions, properties: theirProperties(properties) },
    }))
}

function disconnectPair(version: ProtocolVersion): fc.Arbitrary<Pair> {
  const codes = version === 5 ? fc.constantFrom(0, 4, 0x80, 0x93, 0x99) : fc.constant(0)
  const properties = record({ sessionExpiryInterval: uint32, reasonString: text, userProperties })
  return fc.tuple(codes, inVersion(version, properties)).map(([code, held]) => ({
    ours: { type: 'disconnect', reasonCode: code, properties: held },
    theirs: { cmd: 'disconnect', reasonCode: code, properties: theirProperties(held) },
  }))
}

const authPair: fc.Arbitrary<Pair> = fc
  .tuple(fc.constantFrom(0x18, 0x19), text, record({ authenticationData: binary, reasonString: text, userProperties }))
  .map(([code, authenticationMethod, rest]) => {
    const properties = { authenticationMethod, ...rest }
    return {
      ours: { type: 'auth', reasonCode: code, properties },
      theirs: { cmd: 'auth', reasonCode: code, properties: theirProperties(properties) },
    }
  })

/** Any packet that a client may send once it is connected. */
export const anyPair = (version: ProtocolVersion): fc.Arbitrary<Pair> =>
  fc.oneof(
    publishPair(version),
    ackPair(version),
    subscribePair(version),
    unsubscribePair(version),
    disconnectPair(version),
    fc.constant<Pair>({ ours: { type: 'pingreq' }, theirs: { cmd: 'pingreq' } }),
    ...(version === 5 ? [authPair] : []),
  )

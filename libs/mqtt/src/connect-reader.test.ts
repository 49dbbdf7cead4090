import { describe, expect, test } from 'vitest'
import type { ProtocolVersion } from './packet.ts'
import { reasonCode } from './reason-code.ts'
import {
  type Bytes,
  bytes,
  connect,
  decodeFirst,
  field,
  noProperties,
  packet,
  properties,
  refusalOf,
  uint16,
  uint32,
} from './testing/wire.ts'

const { clientIdentifierNotValid, malformedPacket, protocolError, topicNameInvalid } = reasonCode
const flag = { cleanStart: 2, will: 4, willQos1: 8, willQos2: 16, willRetain: 32, password: 64, username: 128 }
const will = [noProperties, field('w'), field('gone')]

/** A CONNECT of a version before 5. */
const older = (level: 3 | 4, flags: number, ...payload: readonly Bytes[]): Buffer =>
  packet(0x10, field(level === 3 ? 'MQIsdp' : 'MQTT'), level, flags, uint16(10), payload)

describe('a CONNECT', () => {
  test('[MQTT5-3.1.3-1] has its fields in order', () => {
    const connectProperties = properties(0x11, uint32(4_294_967_295), 0x21, uint16(9), 0x26, field('n'), field('v'))
    const willProperties = properties(0x18, uint32(5), 0x01, 1, 0x02, uint32(60), 0x08, field('answers'))
    const wire = connect({
      flags: flag.cleanStart | flag.will | flag.willQos2 | flag.willRetain | flag.password | flag.username,
      properties: connectProperties,
      clientId: field('id'),
      payload: [willProperties, field('w'), field('gone'), field('ü'), field(bytes(0, 0xff))],
    })
    expect(decodeFirst(wire)).toEqual({
      type: 'connect',
      protocolVersion: 5,
      clientId: 'id',
      cleanStart: true,
      keepAliveSeconds: 60,
      properties: { sessionExpiryInterval: 4_294_967_295, receiveMaximum: 9, userProperties: [['n', 'v']] },
      will: {
        topic: 'w',
        payload: Buffer.from('gone'),
        qos: 2,
        retain: true,
        properties: {
          willDelayInterval: 5,
          payloadFormatIndicator: 1,
          messageExpiryInterval: 60,
          responseTopic: 'answers',
        },
      },
      username: 'ü',
      password: bytes(0, 0xff),
    })
  })

  test('of 3.1.1 and of 3.1 has no properties', () => {
    const payload = [field('id'), field('w'), field('gone'), field('u'), field('p')]
    for (const level of [3, 4] as const) {
      expect(decodeFirst(older(level, 0xcc, ...payload))).toEqual({
        type: 'connect',
        protocolVersion: level,
        clientId: 'id',
        cleanStart: false,
        keepAliveSeconds: 10,
        properties: {},
        will: { topic: 'w', payload: Buffer.from('gone'), qos: 1, retain: false, properties: {} },
        username: 'u',
        password: Buffer.from('p'),
      })
    }
  })

  test('without flags has neither will nor credentials', () => {
    const decoded = decodeFirst(connect({ flags: 0 }))
    expect(Object.keys(decoded ?? {}).sort()).toEqual(
      ['cleanStart', 'clientId', 'keepAliveSeconds', 'properties', 'protocolVersion', 'type'].sort(),
    )
  })

  test('may have empty will payload, user name and password', () => {
    const wire = connect({ flags: 0xc4, payload: [noProperties, field('w'), field(''), field(''), field('')] })
    expect(decodeFirst(wire)).toMatchObject({
      will: { payload: Buffer.alloc(0) },
      username: '',
      password: Buffer.alloc(0),
    })
  })

  test('may have a password without a user name in version 5 alone [MQTT3-3.1.2-22]', () => {
    expect(decodeFirst(connect({ flags: flag.password, payload: [field('token')] }))).toMatchObject({
      type: 'connect',
      password: Buffer.from('token'),
    })
    expect(refusalOf(decodeFirst(older(4, flag.cleanStart | flag.password, field('id'), field('p'))))).toBe(
      malformedPacket,
    )
  })

  test('of 3.1 may end before the credentials that its flags announce', () => {
    expect(decodeFirst(older(3, 0xc2, field('id')))).toMatchObject({ type: 'connect', clientId: 'id' })
    expect(decodeFirst(older(3, 0xc2, field('id'), field('u')))).toMatchObject({ type: 'connect', username: 'u' })
    expect(refusalOf(decodeFirst(older(4, 0xc2, field('id'), field('u'))))).toBe(malformedPacket)
  })

  test.each([
    ['[MQTT5-3.1.2-3] the reserved flag', 1, []],
    ['[MQTT5-3.1.2-12] a will of QoS 3', flag.will | flag.willQos1 | flag.willQos2, will],
    ['[MQTT5-3.1.2-11] will QoS without a will', flag.willQos1, []],
    ['[MQTT5-3.1.2-13] will retain without a will', flag.willRetain, []],
    ['[MQTT5-3.1.2-9] a will flag without a will', flag.will, []],
    ['[MQTT5-3.1.2-17] a user name flag without a user name', flag.username, []],
    ['[MQTT5-3.1.2-19] a password flag without a password', flag.username | flag.password, [field('u')]],
    ['[MQTT5-3.1.2-16] a user name without its flag', 2, [field('u')]],
    ['[MQTT5-3.1.2-18] a password without its flag', flag.username, [field('u'), field('p')]],
    ['[MQTT5-3.1.4-1] a byte after the last field', 2, [0]],
  ] as const)('with %s is malformed', (_, flags, payload) => {
    expect(refusalOf(decodeFirst(connect({ flags, payload })))).toBe(malformedPacket)
  })

  test('with bytes after its last field was not a CONNECT: nothing but CONNACK may answer it', () => {
    expect(decodeFirst(connect({ payload: [0] }))).toMatchObject({ type: 'protocol-error', beforeConnect: true })
  })

  test.each(['', 'a/+', '#', 'a/'.repeat(200)])('with a will to "%s" is refused: that is no topic name', (topic) => {
    const wire = connect({ flags: flag.will, payload: [noProperties, field(topic), field('')] })
    expect(refusalOf(decodeFirst(wire))).toBe(topicNameInvalid)
  })

  test('cut short at any byte, with a length to match, is malformed', () => {
    const whole = connect({ flags: 0xc6, payload: [...will, field('u'), field('p')] })
    for (let end = 2; end < whole.length; end++) {
      expect(refusalOf(decodeFirst(packet(0x10, whole.subarray(2, end))))).toBe(malformedPacket)
    }
  })
})

describe('an empty client identifier', () => {
  test('[MQTT5-3.1.3-6] is taken in version 5, whether the session is new or not', () => {
    for (const flags of [0, 2])
      expect(decodeFirst(connect({ flags, clientId: field('') }))).toMatchObject({ clientId: '' })
  })

  test.each([
    ['taken in 3.1.1 with a clean session', 4, 2, undefined],
    ['refused in 3.1.1 without one [MQTT3-3.1.3-8]', 4, 0, clientIdentifierNotValid],
    ['refused in 3.1', 3, 2, clientIdentifierNotValid],
  ] as const)('is %s', (_, level: ProtocolVersion, flags, refusal) => {
    expect(refusalOf(decodeFirst(older(level as 3 | 4, flags, field(''))))).toBe(refusal)
  })
})

describe('a client identifier', () => {
  test.each([
    'a'.repeat(65_535),
    '/+#$%..',
    '\u0001\u007f',
    '🙂',
    '\u202e',
    '__proto__',
    'constructor',
    '\u0024{jndi:x}',
  ])('is taken as it is, whatever it says (case %#)', (clientId) => {
    expect(decodeFirst(connect({ clientId: field(clientId) }))).toMatchObject({ type: 'connect', clientId })
  })
})

describe('authentication in CONNECT', () => {
  test('is a method, with or without data', () => {
    const withData = properties(0x15, field('SCRAM'), 0x16, field('client-first'))
    expect(decodeFirst(connect({ properties: withData }))).toMatchObject({
      properties: { authenticationMethod: 'SCRAM', authenticationData: Buffer.from('client-first') },
    })
    expect(decodeFirst(connect({ properties: properties(0x15, field('K5')) }))).toMatchObject({
      properties: { authenticationMethod: 'K5' },
    })
  })

  test('is refused as data without a method', () => {
    expect(refusalOf(decodeFirst(connect({ properties: properties(0x16, field('x')) })))).toBe(protocolError)
  })
})

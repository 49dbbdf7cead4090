import { describe, expect, test } from 'vitest'
import { encodeAck } from './ack-encoder.ts'
import { encodeServerPacket } from './codec.ts'
import type { AckPacket, AckType, Properties, ServerPacket } from './packet.ts'
import { reasonCode } from './reason-code.ts'
import { bytes, decodeOne, field, packet, properties, uint16, uint32 } from './testing/wire.ts'

const ackTypes: readonly (readonly [AckType, number])[] = [
  ['puback', 0x40],
  ['pubrec', 0x50],
  ['pubrel', 0x62],
  ['pubcomp', 0x70],
]

describe.each(ackTypes)('%s', (type, first) => {
  test('[MQTT5-2.2.1-5] of success is four bytes in every version', () => {
    for (const version of [3, 4, 5] as const)
      expect(encodeAck(type, 0xabcd, 0, version)).toEqual(bytes(first, 2, 0xab, 0xcd))
  })

  test('says another reason in version 5 alone', () => {
    expect(encodeAck(type, 1, 0x92, 5)).toEqual(bytes(first, 3, 0, 1, 0x92))
    expect(encodeAck(type, 1, 0x92, 4)).toEqual(bytes(first, 2, 0, 1))
  })

  test('with properties is whole, whatever its reason', () => {
    for (const code of [0, 0x92]) {
      const ack: AckPacket = { type, packetId: 3, reasonCode: code, properties: { reasonString: 'why' } }
      expect(encodeServerPacket(ack, 5)).toEqual(packet(first, 0, 3, code, properties(0x1f, field('why'))))
      expect(encodeServerPacket(ack, 4)).toEqual(encodeAck(type, 3, code, 4))
      expect(encodeServerPacket({ ...ack, properties: {} }, 5)).toEqual(encodeAck(type, 3, code, 5))
    }
  })
})

describe('CONNACK', () => {
  const connack = (code: number, held: Properties = {}, sessionPresent = false): ServerPacket => ({
    type: 'connack',
    sessionPresent,
    reasonCode: code,
    properties: held,
  })

  test('[MQTT5-3.2.2-1] says only whether there is a session, then the reason and the properties [MQTT5-2.2.2-1]', () => {
    expect(encodeServerPacket(connack(0, {}, true), 5)).toEqual(bytes(0x20, 3, 1, 0, 0))
    expect(encodeServerPacket(connack(reasonCode.banned), 5)).toEqual(bytes(0x20, 3, 0, 0x8a, 0))
  })

  test('has every property of a server', () => {
    const held: Properties = {
      sessionExpiryInterval: 0,
      receiveMaximum: 20,
      maximumQos: 1,
      retainAvailable: false,
      maximumPacketSize: 4_294_967_295,
      assignedClientIdentifier: 'id-ü',
      topicAliasMaximum: 0,
      reasonString: '',
      userProperties: [
        ['a', '1'],
        ['a', '2'],
        ['__proto__', 'x'],
      ],
      wildcardSubscriptionAvailable: true,
      subscriptionIdentifiersAvailable: false,
      sharedSubscriptionAvailable: true,
      serverKeepAlive: 0,
      responseInformation: 'i',
      serverReference: 's',
      authenticationMethod: 'm',
      authenticationData: bytes(0, 1),
    }
    const expected = [
      [0x11, uint32(0)],
      [0x21, uint16(20)],
      [0x24, 1],
      [0x25, 0],
      [0x27, uint32(4_294_967_295)],
      [0x12, field('id-ü')],
      [0x22, uint16(0)],
      [0x1f, field('')],
      [0x26, field('a'), field('1'), 0x26, field('a'), field('2'), 0x26, field('__proto__'), field('x')],
      [0x28, 1],
      [0x29, 0],
      [0x2a, 1],
      [0x13, uint16(0)],
      [0x1a, field('i')],
      [0x1c, field('s')],
      [0x15, field('m')],
      [0x16, field(bytes(0, 1))],
    ].map((one) => bytes(one))
    const encoded = encodeServerPacket(connack(0, held), 5)
    for (const one of expected) expect(encoded.includes(one)).toBe(true)
    expect(encoded).toHaveLength(packet(0x20, 0, 0, properties(...expected)).length)
    expect(held.maximumQos).toBe(1)
  })

  test.each([
    [reasonCode.success, 0],
    [reasonCode.unsupportedProtocolVersion, 1],
    [reasonCode.clientIdentifierNotValid, 2],
    [reasonCode.serverBusy, 3],
    [reasonCode.badUserNameOrPassword, 4],
    [reasonCode.notAuthorized, 5],
  ])('turns reason %i into return code %i before version 5', (code, returnCode) => {
    for (const version of [3, 4] as const) {
      const encoded = encodeServerPacket(connack(code, { reasonString: 'not said' }), version)
      expect(encoded).toEqual(bytes(0x20, 2, 0, returnCode))
    }
  })

  test('says nothing before version 5 when there is no word for the reason', () => {
    expect(encodeServerPacket(connack(reasonCode.malformedPacket), 4)).toHaveLength(0)
  })

  test('of a kept session says so since 3.1.1', () => {
    expect(encodeServerPacket(connack(0, {}, true), 4)).toEqual(bytes(0x20, 2, 1, 0))
    expect(encodeServerPacket(connack(0, {}, true), 3)).toEqual(bytes(0x20, 2, 0, 0))
  })
})

describe('SUBACK and UNSUBACK', () => {
  test('[MQTT5-3.8.4-2] [MQTT5-3.9.3-1] echo the identifier and have a code for each filter, in order', () => {
    const reasonCodes = [0, 2, 0x8f, 1, 0x97]
    const suback: ServerPacket = { type: 'suback', packetId: 0x1234, reasonCodes, properties: {} }
    expect(encodeServerPacket(suback, 5)).toEqual(packet(0x90, 0x12, 0x34, 0, reasonCodes))
    expect(encodeServerPacket(suback, 4)).toEqual(packet(0x90, 0x12, 0x34, 0, 2, 0x80, 1, 0x80))
  })

  test('[MQTT5-3.11.3-1] of UNSUBSCRIBE have codes since version 5', () => {
    const unsuback: ServerPacket = { type: 'unsuback', packetId: 9, reasonCodes: [0, 0x11], properties: {} }
    expect(encodeServerPacket(unsuback, 5)).toEqual(packet(0xb0, 0, 9, 0, 0, 0x11))
    expect(encodeServerPacket(unsuback, 4)).toEqual(packet(0xb0, 0, 9))
  })

  test('have properties in version 5', () => {
    const suback: ServerPacket = { type: 'suback', packetId: 9, reasonCodes: [1], properties: { reasonString: 'r' } }
    expect(encodeServerPacket(suback, 5)).toEqual(packet(0x90, 0, 9, properties(0x1f, field('r')), 1))
    expect(encodeServerPacket(suback, 4)).toEqual(packet(0x90, 0, 9, 1))
  })

  test('of a very long SUBSCRIBE are whole', () => {
    const reasonCodes = Array.from({ length: 70_000 }, (_, i) => i % 3)
    const suback: ServerPacket = { type: 'suback', packetId: 9, reasonCodes, properties: {} }
    expect(encodeServerPacket(suback, 5)).toEqual(packet(0x90, 0, 9, 0, Buffer.from(reasonCodes)))
  })
})

describe('other packets of a server', () => {
  test('PINGRESP is two bytes', () => {
    for (const version of [3, 4, 5] as const)
      expect(encodeServerPacket({ type: 'pingresp' }, version)).toEqual(bytes(0xd0, 0))
  })

  test('DISCONNECT says why since version 5, and is nothing before', () => {
    const moved: ServerPacket = { type: 'disconnect', reasonCode: 0x9d, properties: { serverReference: 'there' } }
    expect(encodeServerPacket(moved, 5)).toEqual(packet(0xe0, 0x9d, properties(0x1c, field('there'))))
    expect(encodeServerPacket(moved, 4)).toHaveLength(0)
  })

  test('AUTH asks for more since version 5, and is nothing before', () => {
    const held = { authenticationMethod: 'SCRAM', authenticationData: Buffer.from('salt') }
    const auth: ServerPacket = { type: 'auth', reasonCode: 0x18, properties: held }
    expect(decodeOne(encodeServerPacket(auth, 5))).toEqual(auth)
    expect(encodeServerPacket(auth, 4)).toHaveLength(0)
  })

  test('PUBLISH is encoded as one frame', () => {
    const publish: ServerPacket = {
      type: 'publish',
      dup: true,
      qos: 1,
      retain: true,
      topic: '',
      packetId: 5,
      payload: Buffer.from('p'),
      properties: {
        topicAlias: 3,
        messageExpiryInterval: 9,
        userProperties: [
          ['b', '1'],
          ['a', '2'],
          ['b', '3'],
        ],
      },
    }
    expect(decodeOne(encodeServerPacket(publish, 5))).toEqual(publish)
  })
})

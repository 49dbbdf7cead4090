import { describe, expect, test } from 'vitest'
import { reasonCode } from './reason-code.ts'
import {
  type Bytes,
  bytes,
  decodeOne,
  field,
  noProperties,
  packet,
  properties,
  refusalOf,
  uint16,
} from './testing/wire.ts'

const { malformedPacket, protocolError, topicNameInvalid } = reasonCode

describe('a PUBLISH', () => {
  test('has flags, topic, packet identifier, properties and payload', () => {
    const wire = packet(0x3d, field('a/ü'), uint16(0xabcd), properties(0x23, uint16(3)), Buffer.from('hello'))
    expect(decodeOne(wire)).toEqual({
      type: 'publish',
      dup: true,
      qos: 2,
      retain: true,
      topic: 'a/ü',
      packetId: 0xabcd,
      payload: Buffer.from('hello'),
      properties: { topicAlias: 3 },
    })
  })

  test('[MQTT5-2.2.1-2] of QoS 0 has no packet identifier, and before version 5 no properties', () => {
    for (const version of [3, 4] as const) {
      expect(decodeOne(packet(0x30, field('t'), 1, 2, 3), version)).toEqual({
        type: 'publish',
        dup: false,
        qos: 0,
        retain: false,
        topic: 't',
        packetId: 0,
        payload: bytes(1, 2, 3),
        properties: {},
      })
    }
  })

  test('may have no payload', () => {
    expect(decodeOne(packet(0x33, field('t'), 0, 1, noProperties))).toMatchObject({
      payload: Buffer.alloc(0),
      retain: true,
    })
  })

  test('[MQTT5-2.2.1-3] with packet identifier 0 is a protocol error', () => {
    expect(refusalOf(decodeOne(packet(0x32, field('t'), 0, 0, noProperties)))).toBe(protocolError)
    expect(refusalOf(decodeOne(packet(0x34, field('t'), 0, 0), 4))).toBe(protocolError)
  })

  test.each(['#', '+', 'a/#', 'a/+/b', 'a+', 'a#b', '/'.repeat(65_535)])(
    '[MQTT5-3.3.2-2] to what is no topic name is refused (case %#)',
    (topic) => {
      for (const version of [4, 5] as const) {
        expect(refusalOf(decodeOne(packet(0x30, field(topic), noProperties), version))).toBe(topicNameInvalid)
      }
    },
  )

  test('without a topic needs an alias', () => {
    const aliased = packet(0x30, field(''), properties(0x23, uint16(1)))
    expect(decodeOne(aliased)).toMatchObject({ topic: '', properties: { topicAlias: 1 } })
    expect(refusalOf(decodeOne(packet(0x30, field(''), noProperties)))).toBe(protocolError)
    expect(refusalOf(decodeOne(packet(0x30, field(''), 1), 4))).toBe(protocolError)
  })

  test.each(['$SYS/x', '$share/g/t', '__proto__', 'constructor/prototype', '../../etc', '%2e', '/', '//', ' '])(
    'to "%s" is read: topics are plain text here',
    (topic) => expect(decodeOne(packet(0x30, field(topic), noProperties))).toMatchObject({ topic }),
  )

  test('[MQTT5-1.5.4-3] keeps U+FEFF at the start of a topic, and does not normalise', () => {
    for (const topic of ['\ufeffa', 'e\u0301', '\u00e9']) {
      expect(decodeOne(packet(0x30, field(topic), noProperties))).toMatchObject({ topic })
    }
  })
})

describe('strings', () => {
  const badStrings: readonly (readonly [string, Uint8Array])[] = [
    ['[MQTT5-1.5.4-2] U+0000', bytes(0x61, 0)],
    ['[MQTT5-1.5.4-1] an overlong U+0000', bytes(0xc0, 0x80)],
    ['[MQTT5-1.5.4-1] an overlong slash', bytes(0xe0, 0x80, 0xaf)],
    ['[MQTT5-1.5.4-1] a surrogate', bytes(0xed, 0xa0, 0x80)],
    ['[MQTT5-1.5.4-1] a surrogate pair', bytes(0xed, 0xa0, 0xbd, 0xed, 0xb8, 0x80)],
    ['[MQTT5-1.5.4-1] more than U+10FFFF', bytes(0xf4, 0x90, 0x80, 0x80)],
    ['[MQTT5-1.5.4-1] a byte that is never one', bytes(0xf5, 0x80, 0x80, 0x80)],
    ['[MQTT5-1.5.4-1] a lone continuation', bytes(0x80)],
    ['[MQTT5-1.5.4-1] a continuation after ASCII', bytes(0x61, 0x80)],
    ['[MQTT5-1.5.4-1] a cut sequence', bytes(0x61, 0xe2, 0x82)],
  ]
  const places: Record<string, (text: Bytes) => Buffer> = {
    'a topic': (text) => packet(0x30, text, noProperties),
    'a content type': (text) => packet(0x30, field('t'), properties(0x03, text)),
    'a response topic': (text) => packet(0x30, field('t'), properties(0x08, text)),
    '[MQTT5-1.5.7-1] the name of a user property': (text) =>
      packet(0x30, field('t'), properties(0x26, text, field('v'))),
    '[MQTT5-1.5.7-1] the value of a user property': (text) =>
      packet(0x30, field('t'), properties(0x26, field('n'), text)),
    '[MQTT5-3.8.3-1] a filter': (text) => packet(0x82, 0, 1, noProperties, text, 0),
    '[MQTT5-3.10.3-1] a filter to unsubscribe': (text) => packet(0xa2, 0, 1, noProperties, text),
    'a reason string': (text) => packet(0xe0, 0, properties(0x1f, text)),
    'an authentication method': (text) => packet(0xf0, 0x18, properties(0x15, text)),
  }
  const cases = badStrings.flatMap(([what, text]) => Object.keys(places).map((place) => [what, place, text] as const))

  test.each(cases)('%s in %s are malformed', (_, place, text) => {
    expect(refusalOf(decodeOne(places[place]?.(field(text)) ?? Buffer.alloc(0)))).toBe(malformedPacket)
  })

  test('[MQTT5-1.5.4-1] end where they end: a sequence cut there does not go on in the next field', () => {
    const cut = field(bytes(0xe2, 0x82))
    expect(refusalOf(decodeOne(packet(0x30, cut, 0xac), 4))).toBe(malformedPacket)
    expect(refusalOf(decodeOne(packet(0xa2, 0, 1, noProperties, field(bytes(0xc3)), bytes(0x80, 0x80))))).toBe(
      malformedPacket,
    )
  })

  test('other control characters and non-characters are taken everywhere', () => {
    const text = '\u0001\u001f\u007f\u009f\ufdd0\ufffe\uffff\u{10ffff}'
    for (const place of Object.values(places)) expect(refusalOf(decodeOne(place(field(text))))).toBeUndefined()
  })
})

describe('an acknowledgement', () => {
  const acks = [
    [0x40, 'puback', [0, 0x10, 0x80, 0x83, 0x87, 0x90, 0x91, 0x97, 0x99]],
    [0x50, 'pubrec', [0, 0x10, 0x80, 0x83, 0x87, 0x90, 0x91, 0x97, 0x99]],
    [0x62, 'pubrel', [0, 0x92]],
    [0x70, 'pubcomp', [0, 0x92]],
  ] as const

  test.each(acks)('(first byte %i) %s is read in each of its lengths', (first, type) => {
    expect(decodeOne(packet(first, 0xab, 0xcd), 4)).toEqual({ type, packetId: 0xabcd, reasonCode: 0, properties: {} })
    expect(decodeOne(packet(first, 0, 1))).toEqual({ type, packetId: 1, reasonCode: 0, properties: {} })
    expect(decodeOne(packet(first, 0, 1, 0))).toEqual({ type, packetId: 1, reasonCode: 0, properties: {} })
    expect(decodeOne(packet(first, 0, 1, 0, properties(0x1f, field('why'))))).toEqual({
      type,
      packetId: 1,
      reasonCode: 0,
      properties: { reasonString: 'why' },
    })
  })

  test.each(acks)(
    '[MQTT5-3.4.2-1] [MQTT5-3.5.2-1] [MQTT5-3.6.2-1] [MQTT5-3.7.2-1] (first byte %i) %s has only its own reason codes',
    (first, _, codes) => {
      const taken = Array.from({ length: 256 }, (_, reason) => reason).filter((reason) => {
        const refusal = refusalOf(decodeOne(packet(first, 0, 1, reason)))
        expect([undefined, protocolError]).toContain(refusal)
        return refusal === undefined
      })
      expect(taken).toEqual(codes)
    },
  )

  test.each(acks)('(first byte %i) %s with a wrong length or packet identifier 0 is refused', (first) => {
    expect(refusalOf(decodeOne(packet(first)))).toBe(malformedPacket)
    expect(refusalOf(decodeOne(packet(first, 1)))).toBe(malformedPacket)
    expect(refusalOf(decodeOne(packet(first, 0, 1, 0), 4))).toBe(malformedPacket)
    expect(refusalOf(decodeOne(packet(first, 0, 1, 0, noProperties, 0)))).toBe(malformedPacket)
    expect(refusalOf(decodeOne(packet(first, 0, 0)))).toBe(protocolError)
  })
})

describe('a SUBSCRIBE', () => {
  const subscribe = (...filters: readonly Bytes[]): Buffer => packet(0x82, 0, 7, noProperties, filters)

  test('has filters with options', () => {
    const wire = packet(0x82, 0, 7, properties(0x0b, 5), field('a/+'), 0x2d, field('$share/g/#'), 0x12)
    expect(decodeOne(wire)).toEqual({
      type: 'subscribe',
      packetId: 7,
      properties: { subscriptionIdentifiers: [5] },
      subscriptions: [
        { filter: 'a/+', qos: 1, noLocal: true, retainAsPublished: true, retainHandling: 2 },
        { filter: '$share/g/#', qos: 2, noLocal: false, retainAsPublished: false, retainHandling: 1 },
      ],
    })
  })

  test('before version 5 has filters with QoS', () => {
    expect(decodeOne(packet(0x82, 0, 7, field('a'), 2), 4)).toEqual({
      type: 'subscribe',
      packetId: 7,
      properties: {},
      subscriptions: [{ filter: 'a', qos: 2, noLocal: false, retainAsPublished: false, retainHandling: 0 }],
    })
  })

  test('with filters that break the rules of filters is read: SUBACK answers them', () => {
    const filters = ['a#', '#/a', 'a+/b', '$share//t', '$share/g', '$share/+/t', '+/'.repeat(30_000)]
    const decoded = decodeOne(subscribe(filters.map((filter) => [field(filter), 0])))
    expect(decoded).toMatchObject({ subscriptions: filters.map((filter) => ({ filter })) })
  })

  test.each([
    ['[MQTT5-3.8.3-2] no filter', [], protocolError],
    ['[MQTT5-4.7.3-1] an empty filter', [field(''), 0], malformedPacket],
    ['a filter without options', [field('a')], malformedPacket],
    ['[MQTT5-3.8.3-5] reserved bit 6', [field('a'), 0x40], malformedPacket],
    ['[MQTT5-3.8.3-5] reserved bit 7', [field('a'), 0x80], malformedPacket],
    ['QoS 3', [field('a'), 3], protocolError],
    ['retain handling 3', [field('a'), 0x30], protocolError],
    ['[MQTT5-3.8.3-4] No Local on a shared subscription', [field('$share/g/t'), 4], protocolError],
    ['a good filter before a bad one', [field('a'), 0, field('b'), 3], protocolError],
  ] as const)('with %s is refused', (_, filters, refusal) => {
    expect(refusalOf(decodeOne(subscribe(filters)))).toBe(refusal)
  })

  test('before version 5 with any bit above QoS is malformed [MQTT3-3.8.3-4]', () => {
    for (const options of [3, 4, 8, 0x10, 0x20, 0x40, 0x80]) {
      expect(refusalOf(decodeOne(packet(0x82, 0, 7, field('a'), options), 4))).toBe(malformedPacket)
    }
  })

  test('with packet identifier 0 is a protocol error', () => {
    expect(refusalOf(decodeOne(packet(0x82, 0, 0, noProperties, field('a'), 0)))).toBe(protocolError)
  })
})

describe('an UNSUBSCRIBE', () => {
  test('has filters', () => {
    const unsubscribe = { type: 'unsubscribe', packetId: 7, filters: ['a', '$share/g/b'] }
    const filters = [field('a'), field('$share/g/b')]
    expect(decodeOne(packet(0xa2, 0, 7, filters), 4)).toEqual({ ...unsubscribe, properties: {} })
    expect(decodeOne(packet(0xa2, 0, 7, properties(0x26, field('n'), field('v')), filters))).toEqual({
      ...unsubscribe,
      properties: { userProperties: [['n', 'v']] },
    })
  })

  test('[MQTT5-3.10.3-2] without a filter, with an empty one or with packet identifier 0 is refused', () => {
    expect(refusalOf(decodeOne(packet(0xa2, 0, 7, noProperties)))).toBe(protocolError)
    expect(refusalOf(decodeOne(packet(0xa2, 0, 7, noProperties, field(''))))).toBe(malformedPacket)
    expect(refusalOf(decodeOne(packet(0xa2, 0, 0, noProperties, field('a'))))).toBe(protocolError)
  })
})

describe('a PINGREQ', () => {
  test('has nothing in it', () => {
    expect(decodeOne(packet(0xc0))).toEqual({ type: 'pingreq' })
    expect(refusalOf(decodeOne(packet(0xc0, 0)))).toBe(malformedPacket)
  })
})

describe('a DISCONNECT', () => {
  test('is read in each of its lengths', () => {
    const normal = { type: 'disconnect', reasonCode: 0, properties: {} }
    expect(decodeOne(packet(0xe0), 4)).toEqual(normal)
    expect(decodeOne(packet(0xe0))).toEqual(normal)
    expect(decodeOne(packet(0xe0, 4))).toEqual({ ...normal, reasonCode: 4 })
    expect(decodeOne(packet(0xe0, 4, properties(0x1f, field('x'))))).toEqual({
      type: 'disconnect',
      reasonCode: 4,
      properties: { reasonString: 'x' },
    })
  })

  test('before version 5 has nothing in it', () => {
    expect(refusalOf(decodeOne(packet(0xe0, 0), 4))).toBe(malformedPacket)
  })

  test('[MQTT5-3.14.2-1] has only reason codes of a client', () => {
    const taken = Array.from({ length: 256 }, (_, reason) => reason).filter(
      (reason) => refusalOf(decodeOne(packet(0xe0, reason))) === undefined,
    )
    expect(taken).toEqual([0, 4, 0x80, 0x81, 0x82, 0x83, 0x90, 0x93, 0x94, 0x95, 0x96, 0x97, 0x98, 0x99])
  })
})

describe('an AUTH', () => {
  test('continues or begins again, by a method', () => {
    for (const reason of [0x18, 0x19]) {
      const held = properties(0x15, field('SCRAM'), 0x16, field('proof'))
      expect(decodeOne(packet(0xf0, reason, held))).toEqual({
        type: 'auth',
        reasonCode: reason,
        properties: { authenticationMethod: 'SCRAM', authenticationData: Buffer.from('proof') },
      })
    }
  })

  test('without a method is a protocol error', () => {
    expect(refusalOf(decodeOne(packet(0xf0, 0x18, noProperties)))).toBe(protocolError)
    expect(refusalOf(decodeOne(packet(0xf0, 0x18)))).toBe(protocolError)
  })

  test('[MQTT5-3.15.2-1] with success, which is for servers to say, or any other code is a protocol error', () => {
    expect(refusalOf(decodeOne(packet(0xf0)))).toBe(protocolError)
    for (const reason of [0, 1, 0x17, 0x1a, 0x80]) {
      expect(refusalOf(decodeOne(packet(0xf0, reason, properties(0x15, field('m')))))).toBe(protocolError)
    }
  })
})

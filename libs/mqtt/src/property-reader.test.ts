import { describe, expect, test } from 'vitest'
import { userPropertyCountMax } from './property-reader.ts'
import { reasonCode } from './reason-code.ts'
import {
  type Bytes,
  bytes,
  connect,
  decodeFirst,
  decodeOne,
  field,
  packet,
  properties,
  refusalOf,
  uint16,
  uint32,
} from './testing/wire.ts'

const { malformedPacket, protocolError, quotaExceeded, topicAliasInvalid } = reasonCode

/** For each kind of packet, one that holds the given properties and is right otherwise. */
const carriers: Record<string, (held: Uint8Array) => ReturnType<typeof decodeOne>> = {
  CONNECT: (held) => decodeFirst(connect({ properties: held })),
  will: (held) => decodeFirst(connect({ flags: 6, payload: [held, field('w'), field('')] })),
  PUBLISH: (held) => decodeOne(packet(0x32, field('t'), 0, 1, held)),
  PUBACK: (held) => decodeOne(packet(0x40, 0, 1, 0, held)),
  PUBREC: (held) => decodeOne(packet(0x50, 0, 1, 0, held)),
  PUBREL: (held) => decodeOne(packet(0x62, 0, 1, 0, held)),
  PUBCOMP: (held) => decodeOne(packet(0x70, 0, 1, 0, held)),
  SUBSCRIBE: (held) => decodeOne(packet(0x82, 0, 1, held, field('f'), 0)),
  UNSUBSCRIBE: (held) => decodeOne(packet(0xa2, 0, 1, held, field('f'))),
  DISCONNECT: (held) => decodeOne(packet(0xe0, 0, held)),
  AUTH: (held) => decodeOne(packet(0xf0, 0x18, held)),
}

const acks = ['PUBACK', 'PUBREC', 'PUBREL', 'PUBCOMP']
const messages = ['PUBLISH', 'will']

type Rule = { name: string; id: number; value: Bytes; in: readonly string[]; serverSends?: readonly string[] }
const rules: readonly Rule[] = [
  { name: 'payload format indicator', id: 0x01, value: 1, in: messages },
  { name: 'message expiry interval', id: 0x02, value: uint32(7), in: messages },
  { name: 'content type', id: 0x03, value: field('text'), in: messages },
  { name: 'response topic', id: 0x08, value: field('r/t'), in: messages },
  { name: 'correlation data', id: 0x09, value: field('data'), in: messages },
  { name: 'subscription identifier', id: 0x0b, value: 1, in: ['SUBSCRIBE'], serverSends: ['PUBLISH'] },
  { name: 'session expiry interval', id: 0x11, value: uint32(7), in: ['CONNECT', 'DISCONNECT'] },
  { name: 'assigned client identifier', id: 0x12, value: field('c'), in: [] },
  { name: 'server keep alive', id: 0x13, value: uint16(7), in: [] },
  { name: 'authentication method', id: 0x15, value: field('m'), in: ['CONNECT', 'AUTH'] },
  { name: 'request problem information', id: 0x17, value: 1, in: ['CONNECT'] },
  { name: 'will delay interval', id: 0x18, value: uint32(7), in: ['will'] },
  { name: 'request response information', id: 0x19, value: 1, in: ['CONNECT'] },
  { name: 'response information', id: 0x1a, value: field('i'), in: [] },
  { name: 'server reference', id: 0x1c, value: field('s'), in: [], serverSends: ['DISCONNECT'] },
  { name: 'reason string', id: 0x1f, value: field('because'), in: [...acks, 'DISCONNECT'] },
  { name: 'receive maximum', id: 0x21, value: uint16(7), in: ['CONNECT'] },
  { name: 'topic alias maximum', id: 0x22, value: uint16(7), in: ['CONNECT'] },
  { name: 'topic alias', id: 0x23, value: uint16(7), in: ['PUBLISH'] },
  { name: 'maximum QoS', id: 0x24, value: 1, in: [] },
  { name: 'retain available', id: 0x25, value: 1, in: [] },
  { name: 'user property', id: 0x26, value: [field('n'), field('v')], in: Object.keys(carriers) },
  { name: 'maximum packet size', id: 0x27, value: uint32(7), in: ['CONNECT'] },
  { name: 'wildcard subscription available', id: 0x28, value: 1, in: [] },
  { name: 'subscription identifiers available', id: 0x29, value: 1, in: [] },
  { name: 'shared subscription available', id: 0x2a, value: 1, in: [] },
]

const method = bytes(0x15, field('m'))

function outcomeIn(carrier: string, ...held: readonly Bytes[]): ReturnType<typeof decodeOne> {
  const decode = carriers[carrier]
  if (decode === undefined) throw new Error(`there is no ${carrier}`)
  return decode(properties(...held))
}

describe.each(rules)('the property $name', (rule) => {
  test.each(Object.keys(carriers))('is where it belongs, or %s is refused', (carrier) => {
    // AUTH is nothing without its method.
    const others = carrier === 'AUTH' && rule.id !== 0x15 ? [method] : []
    const expected = rule.serverSends?.includes(carrier) ? protocolError : malformedPacket
    const isAllowed = rule.in.includes(carrier) || (carrier === 'AUTH' && rule.id === 0x1f)
    expect(refusalOf(outcomeIn(carrier, rule.id, rule.value, others))).toBe(isAllowed ? undefined : expected)
  })

  test.each(rule.in)('comes once in %s, unless it is the user’s', (carrier) => {
    const others = carrier === 'AUTH' && rule.id !== 0x15 ? [method] : []
    const twice = outcomeIn(carrier, rule.id, rule.value, rule.id, rule.value, others)
    expect(refusalOf(twice)).toBe(rule.id === 0x26 ? undefined : protocolError)
  })

  test.each(rule.in)('that is cut short in %s is malformed', (carrier) => {
    const whole = bytes(rule.id, rule.value)
    for (let end = 1; end < whole.length; end++) {
      expect(refusalOf(outcomeIn(carrier, whole.subarray(0, end)))).toBe(malformedPacket)
    }
  })
})

describe('the values of properties', () => {
  test.each([
    ['payload format indicator 2', 'PUBLISH', 0x01, 2, protocolError],
    ['payload format indicator 255', 'will', 0x01, 255, protocolError],
    ['[MQTT5-3.3.2-14] a response topic with a wildcard', 'PUBLISH', 0x08, field('a/+'), protocolError],
    ['an empty response topic', 'will', 0x08, field(''), protocolError],
    ['subscription identifier 0', 'SUBSCRIBE', 0x0b, 0, protocolError],
    ['subscription identifier 268,435,456', 'SUBSCRIBE', 0x0b, bytes(0x80, 0x80, 0x80, 0x80, 1), malformedPacket],
    ['[MQTT5-1.5.5-1] subscription identifier 1 in two bytes', 'SUBSCRIBE', 0x0b, bytes(0x81, 0), malformedPacket],
    ['request problem information 2', 'CONNECT', 0x17, 2, protocolError],
    ['request response information 2', 'CONNECT', 0x19, 2, protocolError],
    ['receive maximum 0', 'CONNECT', 0x21, uint16(0), protocolError],
    ['maximum packet size 0', 'CONNECT', 0x27, uint32(0), protocolError],
    ['[MQTT5-3.3.2-8] topic alias 0', 'PUBLISH', 0x23, uint16(0), topicAliasInvalid],
  ])('%s is refused', (_, carrier, id, value, refusal) => {
    expect(refusalOf(outcomeIn(carrier, id, value))).toBe(refusal)
  })

  test.each([
    ['PUBLISH', 0x01, 0, { payloadFormatIndicator: 0 }],
    ['PUBLISH', 0x02, uint32(0), { messageExpiryInterval: 0 }],
    ['PUBLISH', 0x03, field(''), { contentType: '' }],
    ['PUBLISH', 0x09, field(''), { correlationData: Buffer.alloc(0) }],
    ['PUBLISH', 0x23, uint16(65_535), { topicAlias: 65_535 }],
    ['SUBSCRIBE', 0x0b, bytes(0xff, 0xff, 0xff, 0x7f), { subscriptionIdentifiers: [268_435_455] }],
    ['CONNECT', 0x17, 0, { requestProblemInformation: false }],
    ['CONNECT', 0x19, 1, { requestResponseInformation: true }],
    ['CONNECT', 0x22, uint16(0), { topicAliasMaximum: 0 }],
    ['CONNECT', 0x27, uint32(4_294_967_295), { maximumPacketSize: 4_294_967_295 }],
    ['DISCONNECT', 0x11, uint32(4_294_967_295), { sessionExpiryInterval: 4_294_967_295 }],
  ])('the least and the greatest are taken (case %#)', (carrier, id, value, read) => {
    expect(outcomeIn(carrier, id, value)).toMatchObject({ properties: read })
  })

  test.each([
    ['PUBLISH', bytes(0x01, 0)],
    ['PUBLISH', bytes(0x02, uint32(0))],
    ['PUBLISH', bytes(0x03, field(''))],
    ['CONNECT', bytes(0x17, 0)],
    ['CONNECT', bytes(0x22, uint16(0))],
  ])('come once, even when they say nothing (case %#)', (carrier, empty) => {
    expect(refusalOf(outcomeIn(carrier, empty, empty))).toBe(protocolError)
  })

  test('of the user stay in their order, names repeated [MQTT5-3.3.2-18] [MQTT5-3.1.3-10]', () => {
    const sent = [
      ['b', '1'],
      ['a', '2'],
      ['b', '3'],
      ['__proto__', 'x'],
      ['7', ''],
      ['', '4'],
    ] as const
    const held = sent.map(([name, value]) => [0x26, field(name), field(value)])
    expect(outcomeIn('PUBLISH', ...held)).toMatchObject({ properties: { userProperties: sent } })
    expect(outcomeIn('will', ...held)).toMatchObject({ will: { properties: { userProperties: sent } } })
  })

  test('of the user are limited in number', () => {
    const held = (count: number) => Array.from({ length: count }, () => bytes(0x26, 0, 0, 0, 0))
    expect(refusalOf(outcomeIn('CONNECT', ...held(userPropertyCountMax)))).toBeUndefined()
    expect(refusalOf(outcomeIn('PUBLISH', ...held(userPropertyCountMax + 1)))).toBe(quotaExceeded)
  })
})

describe('the length of properties', () => {
  test.each([
    ['reaches beyond the packet', [5, 0x01, 1]],
    ['cuts a property', [1, 0x01, 1]],
    ['cuts an identifier from its value', [3, 0x01, 1, 0x02, uint32(1)]],
    ['is not in its shortest form', [0x80, 0]],
    ['is longer than four bytes', [0xff, 0xff, 0xff, 0xff, 1]],
    ['is not there', []],
  ])('that %s is malformed', (_, held) => {
    for (const decode of [carriers['SUBSCRIBE'], carriers['PUBLISH']]) {
      const outcome = held.length === 0 ? decodeOne(packet(0x32, field('t'), 0, 1)) : decode?.(bytes(...held))
      expect(refusalOf(outcome)).toBe(malformedPacket)
    }
  })

  test.each([0x00, 0x04, 0x2b, 0x7f, 0x80, 0xff])('before the unknown property %i is of no help', (id) => {
    expect(refusalOf(outcomeIn('PUBLISH', id, 1))).toBe(malformedPacket)
    expect(refusalOf(outcomeIn('PUBLISH', id, 0x01, 1))).toBe(malformedPacket)
  })
})

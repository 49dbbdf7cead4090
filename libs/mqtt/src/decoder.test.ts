import { describe, expect, test, vi } from 'vitest'
import { createDecoder } from './decoder.ts'
import { reasonCode } from './reason-code.ts'
import {
  bytes,
  connect,
  connected,
  decodeAll,
  decodeFirst,
  decodeOne,
  field,
  packet,
  refusalOf,
} from './testing/wire.ts'

const { malformedPacket, packetTooLarge, protocolError, unsupportedProtocolVersion } = reasonCode
const publish = packet(0x30, field('a/b'), 0, Buffer.from('payload'))
const pingreq = packet(0xc0)

describe('packets in a stream', () => {
  test('several packets in one chunk come one by one, then undefined', () => {
    const packets = decodeAll(connected(), bytes(publish, pingreq, publish, packet(0xe0)))
    expect(packets.map(({ type }) => type)).toEqual(['publish', 'pingreq', 'publish', 'disconnect'])
  })

  test('a stream cut at every byte reads as in one piece', () => {
    const wire = bytes(connect(), publish, packet(0x82, 0, 1, 0, field('a/#'), 1), pingreq, packet(0x40, 0, 9), publish)
    const whole = decodeAll(createDecoder({ packetBytesMax: 1_000 }), wire)
    expect(whole).toHaveLength(6)
    for (let at = 0; at <= wire.length; at++) {
      const decoder = createDecoder({ packetBytesMax: 1_000 })
      expect(decodeAll(decoder, wire.subarray(0, at), wire.subarray(at))).toEqual(whole)
    }
    expect(decodeAll(createDecoder({ packetBytesMax: 1_000 }), ...[...wire].map((byte) => bytes(byte)))).toEqual(whole)
  })

  test('chunks may be pushed long before they are read', () => {
    const decoder = connected()
    for (let i = 0; i < 1_000; i++) for (const byte of publish) decoder.push(bytes(byte))
    let count = 0
    while (decoder.next()?.type === 'publish') count++
    expect(count).toBe(1_000)
  })

  test('a packet in very many pieces is not copied for each of them', () => {
    const decoder = connected(5, 10_000_000)
    const wire = packet(0x30, field('t'), 0, Buffer.alloc(200_000, 1))
    const allocations = vi.spyOn(Buffer, 'allocUnsafe')
    for (let at = 0; at < wire.length; at += 100) decoder.push(wire.subarray(at, at + 100))
    const allocatedBytes = allocations.mock.calls.reduce((sum, [size]) => sum + size, 0)
    allocations.mockRestore()
    expect(allocatedBytes).toBeLessThan(10 * wire.length)
    expect(decoder.next()).toMatchObject({ type: 'publish', topic: 't' })
  })

  test('the caller may write over its chunk as soon as it is pushed', () => {
    const decoder = connected()
    const chunk = bytes(publish, publish.subarray(0, 4))
    decoder.push(chunk)
    chunk.fill(0xff)
    const kept = decoder.next()
    decoder.push(bytes(publish.subarray(4)))
    expect(decoder.next()).toMatchObject({ type: 'publish', topic: 'a/b' })
    expect(kept).toMatchObject({ topic: 'a/b', payload: Buffer.from('payload') })
  })

  test('a payload that was kept is not changed by what comes later', () => {
    const decoder = connected()
    const kept = decodeAll(decoder, publish.subarray(0, 3), bytes(publish.subarray(3), publish.subarray(0, 5)))
    decodeAll(decoder, publish.subarray(5), ...Array.from({ length: 100 }, () => bytes(pingreq, publish)))
    expect(kept[0]).toMatchObject({ payload: Buffer.from('payload') })
  })

  test('an empty chunk changes nothing', () => {
    expect(decodeAll(connected(), bytes(), publish.subarray(0, 2), bytes(), publish.subarray(2))).toHaveLength(1)
  })

  test('what follows an error is not read', () => {
    const decoder = connected()
    expect(decodeAll(decoder, bytes(pingreq, 0xf3, pingreq, publish)).map(({ type }) => type)).toEqual([
      'pingreq',
      'protocol-error',
    ])
    expect(decodeAll(decoder, publish)).toEqual([])
  })
})

describe('the remaining length', () => {
  test.each([
    ['five bytes', bytes(0x30, 0xff, 0xff, 0xff, 0xff, 0x7f)],
    ['four bytes that go on', bytes(0x30, 0xff, 0xff, 0xff, 0xff)],
    ['zero in two bytes', bytes(0xc0, 0x80, 0)],
    ['one in three bytes', bytes(0x30, 0x81, 0x80, 0)],
  ])('[MQTT5-1.5.5-1] that is written as %s is refused at once', (_, wire) => {
    expect(refusalOf(decodeOne(wire))).toBe(malformedPacket)
  })

  test.each([127, 128, 16_383, 16_384, 2_097_151, 2_097_152])('of %i bytes is read', (length) => {
    const payload = Buffer.alloc(length - 4, 7)
    const decoder = connected(5, 3_000_000)
    expect(decodeAll(decoder, packet(0x30, field('a'), 0, payload))).toMatchObject([{ topic: 'a', payload }])
  })

  test('[MQTT5-3.2.2-15] above the maximum is refused before a byte of the packet has come', () => {
    expect(refusalOf(decodeOne(bytes(0x30, 0xff, 0xff, 0xff, 0x7f)))).toBe(packetTooLarge)
    const decoder = connected(5, 20)
    const atTheMaximum = packet(0x30, field('a'), 0, Buffer.alloc(14))
    expect(atTheMaximum).toHaveLength(20)
    expect(decodeAll(decoder, atTheMaximum)).toMatchObject([{ type: 'publish' }])
    expect(decodeAll(decoder, bytes(0x30, 19)).map(refusalOf)).toEqual([packetTooLarge])
  })

  test('of a CONNECT has a smaller maximum, for nobody knows the client yet', () => {
    const wire = packet(0x10, Buffer.alloc(200_000))
    expect(refusalOf(decodeFirst(wire.subarray(0, 10)))).toBe(packetTooLarge)
    const decoder = createDecoder({ packetBytesMax: 1_000, connectBytesMax: 2_000 })
    expect(decodeAll(decoder, bytes(0x10, 0xe8, 0x07)).map(refusalOf)).toEqual([packetTooLarge])
  })

  test('makes room for no more than a few times what has come', () => {
    const decoder = connected(5, 300_000_000)
    const before = process.memoryUsage().arrayBuffers
    expect(decodeAll(decoder, bytes(0x30, 0xff, 0xff, 0xff, 0x7f, 0, 1))).toEqual([])
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(1_000_000)
  })
})

describe('the first packet', () => {
  test.each([0, 2, 3, 4, 8, 12, 14, 15])('[MQTT5-3.1.0-1] of type %i ends the connection without an answer', (type) => {
    const decoder = createDecoder({ packetBytesMax: 100 })
    expect(decodeAll(decoder, bytes(type << 4))).toMatchObject([{ reasonCode: protocolError, beforeConnect: true }])
    expect(decoder.protocolVersion).toBeUndefined()
  })

  test.each([
    ['HTTP', 'GET / HTTP/1.1\r\n'],
    ['SSH', 'SSH-2.0-x\r\n'],
    ['the PROXY protocol', 'PROXY TCP4 '],
    ['TLS', '\x16\x03\x01\x02\x00\x01'],
  ])('of %s is refused at its first byte', (_, text) => {
    expect(refusalOf(decodeFirst(Buffer.from(text.slice(0, 1), 'latin1')))).toBeGreaterThanOrEqual(malformedPacket)
  })

  test('[MQTT5-3.1.0-2] is the only CONNECT', () => {
    expect(decodeOne(connect())).toMatchObject({ reasonCode: protocolError, beforeConnect: false })
    const pipelined = decodeAll(createDecoder({ packetBytesMax: 1_000 }), bytes(connect(), connect()))
    expect(pipelined).toMatchObject([{ type: 'connect' }, { reasonCode: protocolError, beforeConnect: false }])
  })

  test('tells the version', () => {
    expect([connected(3), connected(4), connected(5)].map((decoder) => decoder.protocolVersion)).toEqual([3, 4, 5])
  })

  test.each(['MQTT\0', 'mqtt', 'MQTTT', '', 'M'.repeat(65_535)])(
    '[MQTT5-3.1.2-1] with a protocol name not its own is not answered (case %#)',
    (name) => {
      const decoder = createDecoder({ packetBytesMax: 1_000_000 })
      const outcome = decodeAll(decoder, connect({ name }))
      expect(outcome).toMatchObject([{ reasonCode: unsupportedProtocolVersion, beforeConnect: true }])
      expect(decoder.protocolVersion).toBeUndefined()
    },
  )

  test.each([
    ['MQTT', 0, 4],
    ['MQTT', 2, 4],
    ['MQTT', 3, 4],
    ['MQTT', 6, 5],
    ['MQTT', 255, 5],
    ['MQTT', 0x84, 4],
    ['MQTT', 0x85, 5],
    ['MQIsdp', 4, 4],
    ['MQIsdp', 5, 4],
  ] as const)('[MQTT5-3.1.2-2] of %s in level %i is refused in words of version %i', (name, level, answerIn) => {
    const decoder = createDecoder({ packetBytesMax: 1_000 })
    const outcome = decodeAll(decoder, connect({ name, level }))
    expect(outcome).toMatchObject([{ reasonCode: unsupportedProtocolVersion, beforeConnect: true }])
    expect(decoder.protocolVersion).toBe(answerIn)
  })
})

describe('the first byte', () => {
  const flagsOf: Record<number, readonly number[]> = {
    6: [2],
    8: [2],
    10: [2],
    4: [0],
    5: [0],
    7: [0],
    12: [0],
    14: [0],
    15: [0],
  }
  const cases = Object.entries(flagsOf).flatMap(([type, allowed]) =>
    Array.from({ length: 16 }, (_, flags) => [Number(type), flags] as const).filter(
      ([, flags]) => !allowed.includes(flags),
    ),
  )

  test.each(cases)('[MQTT5-2.1.3-1] of type %i with flags %i is malformed', (type, flags) => {
    expect(refusalOf(decodeOne(bytes((type << 4) | flags)))).toBe(malformedPacket)
  })

  test.each([0, 2, 9, 11, 13])('of type %i is not from a client', (type) => {
    expect(refusalOf(decodeOne(bytes(type << 4)))).toBe(protocolError)
    expect(refusalOf(decodeOne(bytes(type << 4), 4))).toBe(protocolError)
  })

  test('of AUTH is unknown before version 5', () => {
    expect(refusalOf(decodeOne(bytes(0xf0), 4))).toBe(protocolError)
  })

  test('of a repeated SUBSCRIBE or PUBREL may have DUP in version 3.1 alone', () => {
    const subscribe = bytes(0, 1, field('a'), 0)
    expect(decodeOne(packet(0x8a, subscribe), 3)).toMatchObject({ type: 'subscribe', packetId: 1 })
    expect(decodeOne(packet(0x6a, 0, 1), 3)).toMatchObject({ type: 'pubrel', packetId: 1 })
    expect(refusalOf(decodeOne(packet(0x8a, subscribe), 4))).toBe(malformedPacket)
    for (const first of [0x80, 0x8b, 0x88, 0x48]) expect(refusalOf(decodeOne(bytes(first), 3))).toBe(malformedPacket)
  })

  test('[MQTT5-3.3.1-4] of a PUBLISH with QoS 3 is malformed', () => {
    for (const first of [0x36, 0x37, 0x3e, 0x3f]) expect(refusalOf(decodeOne(bytes(first)))).toBe(malformedPacket)
  })

  test('[MQTT5-3.3.1-2] of a PUBLISH with QoS 0 and DUP is malformed', () => {
    for (const first of [0x38, 0x39]) expect(refusalOf(decodeOne(bytes(first)))).toBe(malformedPacket)
  })
})

import { describe, expect, test } from 'vitest'
import type { Properties } from './packet.ts'
import { PublishTemplate } from './publish-template.ts'
import { bytes, decodeOne, field, packet, properties, uint16, uint32 } from './testing/wire.ts'

const payload = Buffer.from('payload')
const atQos0 = { version: 5, qos: 0, retain: false } as const
const atQos1 = { version: 5, qos: 1, retain: false, packetId: 1 } as const

const template = (held: Properties = {}): PublishTemplate => new PublishTemplate('a/ü', payload, held)

describe('frames that receivers share', () => {
  test('are the very same at QoS 0, by version class and retain', () => {
    const message = template({ contentType: 'text' })
    expect(message.frame(atQos0)).toBe(message.frame({ ...atQos0, dup: true }))
    expect(message.frame({ ...atQos0, version: 3 })).toBe(message.frame({ ...atQos0, version: 4 }))
    const different = [
      atQos0,
      { ...atQos0, retain: true },
      { ...atQos0, version: 4 },
      { ...atQos0, version: 4, retain: true },
    ] as const
    const frames = different.map((options) => message.frame(options))
    expect(new Set(frames).size).toBe(4)
    expect(different.map((options) => message.frame(options))).toEqual(frames)
  })

  test('are not touched by frames with packet identifiers', () => {
    const message = template()
    const one = message.frame(atQos1)
    const two = message.frame({ ...atQos1, qos: 2, packetId: 0xabcd, retain: true, dup: true })
    expect(one).toEqual(packet(0x32, field('a/ü'), 0, 1, 0, payload))
    expect(two).toEqual(packet(0x3d, field('a/ü'), 0xab, 0xcd, 0, payload))
    expect(message.frame(atQos1)).toEqual(one)
    expect(message.frame(atQos0)).toEqual(packet(0x30, field('a/ü'), 0, payload))
  })

  test('[MQTT5-3.3.2-6] say how much is left of the expiry interval', () => {
    const message = template({ messageExpiryInterval: 60 })
    const expiring = (seconds: number) => packet(0x30, field('a/ü'), properties(0x02, uint32(seconds)), payload)
    expect(message.frame(atQos0)).toEqual(expiring(60))
    const later = message.frame({ ...atQos0, messageExpiryInterval: 59 })
    expect(later).toEqual(expiring(59))
    expect(message.frame({ ...atQos0, messageExpiryInterval: 59 })).toBe(later)
    expect(message.frame({ ...atQos0, messageExpiryInterval: 0 })).toEqual(expiring(0))
    expect(message.frame({ ...atQos0, version: 4, messageExpiryInterval: 5 })).toBe(
      message.frame({ ...atQos0, version: 4 }),
    )
    const qos1 = message.frame({ ...atQos1, messageExpiryInterval: 4_294_967_295 })
    expect(qos1).toEqual(packet(0x32, field('a/ü'), 0, 1, properties(0x02, uint32(4_294_967_295)), payload))
  })
})

describe('frames of one receiver', () => {
  test('[MQTT5-3.3.4-4] carry all subscription identifiers', () => {
    const held = properties(0x0b, 1, 0x0b, 0xac, 0x02, 0x0b, bytes(0xff, 0xff, 0xff, 0x7f))
    const subscriptionIdentifiers = [1, 300, 268_435_455]
    expect(template().frame({ ...atQos0, subscriptionIdentifiers })).toEqual(packet(0x30, field('a/ü'), held, payload))
    expect(template().frame({ ...atQos1, subscriptionIdentifiers })).toEqual(
      packet(0x32, field('a/ü'), 0, 1, held, payload),
    )
  })

  test('name the topic with its alias, or the alias alone', () => {
    const held = properties(0x23, uint16(500))
    const topicAlias = { alias: 500, named: true }
    expect(template().frame({ ...atQos0, topicAlias })).toEqual(packet(0x30, field('a/ü'), held, payload))
    expect(template().frame({ ...atQos1, topicAlias: { alias: 500, named: false } })).toEqual(
      packet(0x32, field(''), 0, 1, held, payload),
    )
  })

  test('before version 5 have neither identifiers nor aliases nor properties', () => {
    const message = template({ contentType: 'text', userProperties: [['a', 'b']] })
    const options = {
      qos: 1,
      retain: false,
      packetId: 2,
      subscriptionIdentifiers: [1],
      topicAlias: { alias: 1, named: false },
    } as const
    for (const version of [3, 4] as const) {
      expect(message.frame({ ...options, version })).toEqual(packet(0x32, field('a/ü'), 0, 2, payload))
    }
  })

  test('leave the shared frames as they are', () => {
    const message = template()
    const shared = message.frame(atQos0)
    message.frame({ ...atQos0, subscriptionIdentifiers: [3] })
    message.frame({ ...atQos0, topicAlias: { alias: 3, named: false } })
    expect(message.frame({ ...atQos0, subscriptionIdentifiers: [] })).toBe(shared)
    expect(shared).toEqual(packet(0x30, field('a/ü'), 0, payload))
  })
})

describe('what every receiver gets unchanged', () => {
  const held: Properties = {
    payloadFormatIndicator: 1,
    contentType: 'text/plain',
    responseTopic: 'r/t',
    correlationData: bytes(0, 0xff),
    userProperties: [
      ['z', '1'],
      ['a', '2'],
      ['z', '3'],
      ['__proto__', '4'],
      ['10', ''],
      ['2', 'ü'],
    ],
  }

  test('[MQTT5-3.3.2-4] [MQTT5-3.3.2-15] [MQTT5-3.3.2-16] [MQTT5-3.3.2-17] [MQTT5-3.3.2-18] [MQTT5-3.3.2-20] are its properties, in order', () => {
    expect(decodeOne(template(held).frame(atQos0))).toMatchObject({ topic: 'a/ü', payload, properties: held })
    const options = { ...atQos1, topicAlias: { alias: 1, named: true }, messageExpiryInterval: 5 }
    expect(decodeOne(template(held).frame(options))).toEqual({
      type: 'publish',
      dup: false,
      qos: 1,
      retain: false,
      topic: 'a/ü',
      packetId: 1,
      payload,
      properties: { ...held, topicAlias: 1, messageExpiryInterval: 5 },
    })
  })

  test('is not the alias or the identifiers of who published it', () => {
    const frame = template({ topicAlias: 7, subscriptionIdentifiers: [8] }).frame(atQos0)
    expect(frame).toEqual(packet(0x30, field('a/ü'), 0, payload))
  })

  test('may be an empty payload, or a large one', () => {
    for (const size of [0, 122, 123, 200_000]) {
      const frame = new PublishTemplate('t', Buffer.alloc(size, 1), {}).frame(atQos0)
      expect(frame).toEqual(packet(0x30, field('t'), 0, Buffer.alloc(size, 1)))
    }
  })
})

describe('what cannot be sent', () => {
  test('throws: it is a bug of the caller', () => {
    expect(() => template().frame({ version: 5, qos: 1, retain: false })).toThrow(RangeError)
    expect(() => template().frame({ ...atQos1, packetId: 65_536 })).toThrow(RangeError)
    expect(() => new PublishTemplate('t'.repeat(65_536), payload, {})).toThrow(RangeError)
    expect(() => template({ contentType: 'ü'.repeat(32_768) }).frame(atQos0)).toThrow(RangeError)
    expect(() => template().frame({ ...atQos0, subscriptionIdentifiers: [268_435_456] })).toThrow(RangeError)
  })
})

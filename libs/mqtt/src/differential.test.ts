import fc from 'fast-check'
import { generate, type IPublishPacket, type Packet, parser } from 'mqtt-packet'
import { describe, expect, test } from 'vitest'
import { createDecoder } from './decoder.ts'
import type { ProtocolVersion, UserProperty } from './packet.ts'
import { PublishTemplate } from './publish-template.ts'
import {
  anyPair,
  binary,
  connectPair,
  publishPair,
  publishProperties,
  type Theirs,
  text,
  theirProperties,
  topic,
} from './testing/packets.ts'
import { bytes, connect, connected, decodeAll } from './testing/wire.ts'

const versions = [3, 4, 5] as const
const packetBytesMax = 1_000_000

const inTheirs = (packet: Theirs, version: ProtocolVersion): Buffer =>
  generate(packet as unknown as Packet, { protocolVersion: version })

function parse(wire: Buffer, version: ProtocolVersion): Packet[] {
  const packets: Packet[] = []
  const parsing = parser({ protocolVersion: version })
  parsing.on('packet', (packet) => packets.push(packet))
  parsing.on('error', (error) => {
    throw error
  })
  parsing.parse(wire)
  return packets
}

/** Cuts bytes at the given places, whatever their order. */
function cut(wire: Buffer, places: readonly number[]): Buffer[] {
  const ends = [...places.map((place) => place % (wire.length + 1)), 0, wire.length].sort((a, b) => a - b)
  return ends.slice(1).map((end, i) => wire.subarray(ends[i], end))
}

const cuts = fc.array(fc.nat({ max: 2_000 }), { maxLength: 12 })

describe.each(versions)('what mqtt-packet writes in version %i', (version) => {
  test('is read as it was meant, however it is cut', () => {
    const stream = fc.tuple(connectPair(version), fc.array(anyPair(version), { maxLength: 8 }), cuts)
    fc.assert(
      fc.property(stream, ([first, others, places]) => {
        const pairs = [first, ...others]
        const wire = Buffer.concat(pairs.map(({ theirs }) => inTheirs(theirs, version)))
        const decoded = decodeAll(createDecoder({ packetBytesMax }), ...cut(wire, places))
        expect(decoded).toEqual(pairs.map(({ ours }) => ours))
      }),
      { numRuns: 500 },
    )
  })
})

describe.each(versions)('what a publish template writes in version %i', (version) => {
  const receiver = fc.record({
    qos: fc.constantFrom(0, 1, 2),
    retain: fc.boolean(),
    dup: fc.boolean(),
    packetId: fc.integer({ min: 1, max: 65_535 }),
    subscriptionIdentifiers: fc.array(fc.integer({ min: 1, max: 268_435_455 }), { maxLength: 3 }),
    alias: fc.option(fc.record({ alias: fc.integer({ min: 1, max: 65_535 }), named: fc.boolean() }), {
      nil: undefined,
    }),
    expiry: fc.option(fc.nat({ max: 5 }), { nil: undefined }),
  })

  test('is read by mqtt-packet as it was meant, by each of its receivers', () => {
    const message = fc.tuple(topic, binary, publishProperties, fc.array(receiver, { minLength: 1, maxLength: 6 }))
    fc.assert(
      fc.property(message, ([to, payload, { topicAlias: _, ...properties }, receivers]) => {
        const template = new PublishTemplate(to, payload, properties)
        const frames = receivers.map(({ alias, expiry, ...options }) =>
          template.frame({
            ...options,
            version,
            ...(alias === undefined ? {} : { topicAlias: alias }),
            ...(expiry === undefined ? {} : { messageExpiryInterval: expiry }),
          } as Parameters<PublishTemplate['frame']>[0]),
        )
        frames.forEach((frame, i) => {
          const { alias, expiry, qos, retain, dup, packetId, subscriptionIdentifiers } = receivers[i]!
          const [read, ...none] = parse(frame, version) as IPublishPacket[]
          expect(none).toEqual([])
          expect(read).toMatchObject({ cmd: 'publish', qos, retain, dup: dup && qos > 0, payload })
          expect(read?.topic).toBe(version === 5 && alias?.named === false ? '' : to)
          if (qos > 0) expect(read?.messageId).toBe(packetId)
          if (version < 5) return
          const held = theirProperties({
            ...properties,
            ...(expiry === undefined ? {} : { messageExpiryInterval: expiry }),
            ...(alias === undefined ? {} : { topicAlias: alias.alias }),
            ...(subscriptionIdentifiers.length === 0 ? {} : { subscriptionIdentifiers }),
          })
          expect({ ...read?.properties }).toEqual(Object.keys(held).length === 0 ? {} : held)
        })
      }),
      { numRuns: 500 },
    )
  })
})

test('user properties come out of a template in the order they went in', () => {
  const anyUserProperties: fc.Arbitrary<UserProperty[]> = fc.array(
    fc.tuple(fc.oneof(text, fc.constantFrom('1', '0', '__proto__', 'a')), text),
    { minLength: 1, maxLength: 8 },
  )
  fc.assert(
    fc.property(anyUserProperties, (userProperties) => {
      const frame = new PublishTemplate('t', Buffer.alloc(0), { userProperties }).frame({
        version: 5,
        qos: 0,
        retain: false,
      })
      expect(decodeAll(connected(), frame)).toMatchObject([{ properties: { userProperties } }])
    }),
  )
})

describe('bytes of any kind', () => {
  const chunks = fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 6 })

  test('never throw, and end at the first error', () => {
    fc.assert(
      fc.property(chunks, fc.constantFrom(undefined, ...versions), (pushed, version) => {
        const decoder = version === undefined ? createDecoder({ packetBytesMax }) : connected(version)
        const outcomes = decodeAll(decoder, ...pushed)
        const errors = outcomes.filter(({ type }) => type === 'protocol-error')
        expect(errors.length).toBeLessThanOrEqual(1)
        if (errors.length === 1) expect(outcomes.at(-1)).toBe(errors[0])
      }),
      { numRuns: 3_000 },
    )
  })

  test.each(versions)('in place of some of a good stream of version %i never throw', (version) => {
    const spoilt = fc.tuple(
      fc.array(anyPair(version), { minLength: 1, maxLength: 4 }),
      fc.array(fc.tuple(fc.nat({ max: 500 }), fc.nat({ max: 255 })), { minLength: 1, maxLength: 3 }),
    )
    fc.assert(
      fc.property(spoilt, ([pairs, changes]) => {
        const wire = Buffer.concat(pairs.map(({ theirs }) => inTheirs(theirs, version)))
        for (const [place, value] of changes) wire[place % wire.length] = value
        const decoder = connected(version)
        const whole = decodeAll(decoder, wire)
        const bytewise = decodeAll(connected(version), ...[...wire].map((byte) => bytes(byte)))
        // Whatever it says, it says the same to a stream in pieces.
        expect(bytewise).toEqual(whole)
      }),
      { numRuns: 1_000 },
    )
  })

  test('in place of some of a good CONNECT never throw', () => {
    fc.assert(
      fc.property(connectPair(5), fc.nat({ max: 500 }), fc.nat({ max: 255 }), ({ theirs }, place, value) => {
        const wire = inTheirs(theirs, 5)
        wire[place % wire.length] = value
        expect(decodeAll(createDecoder({ packetBytesMax }), wire).length).toBeLessThanOrEqual(1 + wire.length)
      }),
      { numRuns: 1_000 },
    )
  })
})

test('a decoder and mqtt-packet read the same PUBLISH', () => {
  fc.assert(
    fc.property(publishPair(5), ({ ours, theirs }) => {
      const wire = inTheirs(theirs, 5)
      expect(decodeAll(createDecoder({ packetBytesMax }), connect(), wire).at(-1)).toEqual(ours)
      expect(parse(wire, 5)).toMatchObject([theirs])
    }),
  )
})

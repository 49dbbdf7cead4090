import { expect, test } from 'vitest'
import { frame, text, varint } from '../support/mqtt-bytes.ts'
import { illFormed, publish } from './packets.ts'
import { name, useRegion } from './region-setup.ts'

const { closesOn, open, raw } = useRegion()

/** A property with a string, as the only one. */
const property = (id: number, ...strings: Buffer[]): Buffer => {
  const body = Buffer.concat([Buffer.from([id]), ...strings])
  return Buffer.concat([Buffer.from(varint(body.length)), body])
}

test('T1 T2: a string that is not UTF-8, or holds U+0000, is malformed wherever it stands [MQTT5-3.3.2-1] [MQTT5-3.3.2-13] [MQTT5-3.3.2-19] [MQTT5-4.7.3-2] [MQTT5-1.5.7-1]', async () => {
  for (const bytes of illFormed) {
    const bad = text(Buffer.from(bytes))
    const good = text('a')
    const places = [
      frame(0x30, bad, [0]),
      frame(0x30, good, property(0x03, bad)),
      frame(0x30, good, property(0x08, bad)),
      frame(0x30, good, property(0x26, bad, good)),
      frame(0x30, good, property(0x26, good, bad)),
      frame(0x40, [0, 1, 0], property(0x1f, bad)),
      frame(0x82, [0, 1, 0], bad, [0]),
      frame(0xa2, [0, 1, 0], bad),
      frame(0xe0, [0], property(0x1f, bad)),
    ]
    await closesOn(places, 0x81, 0x90)
  }
})

test('T3 T4 T8: characters that a program may trip over are characters like others [MQTT5-1.5.4-3] [MQTT5-4.7.3-4]', async () => {
  const base = name()
  const topics = ['\u0001', '\u007f', '\u009f', '\ufffe', '\uffff', '\ufdd0', '\ufeffx', 'x', '\u00e9', 'e\u0301']
  topics.push('__proto__', 'constructor/prototype', '../../etc', '%2e%2e', 'A', 'a', ' a', 'a ', '/', '//', 'a//b')
  const reader = await open({}, name(), 1)
  await reader.subscribe(`${base}/#`)
  const single = await open({}, name(), 2)
  for (const topic of topics) expect(await single.subscribe(`${base}/${topic}`)).toBe(0)
  const publisher = await open()
  for (const topic of [...topics, 'end']) publisher.send(publish(`${base}/${topic}`, { payload: topic }))
  await single.subscribe(`${base}/end`)
  publisher.send(publish(`${base}/end`, { payload: 'end', qos: 1, messageId: 1 }))
  for (const topic of topics) expect((await reader.message(topic)).topic).toBe(`${base}/${topic}`)
  for (const topic of topics) expect((await single.message(topic)).topic).toBe(`${base}/${topic}`)
  expect(single.payloads.filter((payload) => payload !== 'end')).toHaveLength(topics.length)
})

test('T5: the longest topic is taken, more levels than there may be are refused [MQTT5-4.7.3-3]', async () => {
  const long = name().padEnd(65_535, 'x')
  const reader = await open()
  expect(await reader.subscribe(long)).toBe(0)
  const publisher = await open({}, name(), 1)
  publisher.send(publish(long, { payload: 'long' }))
  expect((await reader.message('long')).topic).toBe(long)
  expect(await reader.subscribe('+/'.repeat(32_767))).toBe(0x8f)
  publisher.send(publish('/'.repeat(65_535)))
  expect(await publisher.closed()).toBe(0x90)
})

test('T6: wildcards and nothing are no topics of a message [MQTT5-4.7.0-1] [MQTT5-4.7.3-1]', async () => {
  for (const topic of ['a/+', '#', '+', 'a#', 'a+b']) {
    const client = await open()
    client.bytes(frame(0x30, text(topic), [0]))
    expect(await client.closed(), topic).toBeOneOf([0x81, 0x90])
  }
  const empty = await open()
  empty.bytes(frame(0x30, text(''), [0]))
  expect(await empty.closed()).toBeOneOf([0x82, 0x90])
  const four = await open({ protocolVersion: 4 })
  four.bytes(frame(0x30, text('')))
  await four.closed()
  expect(four.received.map(({ cmd }) => cmd)).toEqual(['connack'])
})

test('T7: an alias of zero is refused, one that is set again and again costs nothing, and all die with the connection [MQTT5-3.3.2-7] [MQTT5-3.3.2-8] [MQTT5-3.2.2-17]', async () => {
  const zero = await open()
  zero.bytes(frame(0x30, text('a'), [3, 0x23, 0, 0]))
  expect(await zero.closed()).toBe(0x94)
  const id = name()
  const client = await open({ clean: false, properties: { sessionExpiryInterval: 60 } }, id)
  const set = frame(0x30, text('t7'), [3, 0x23, 0, 1])
  client.bytes(Buffer.concat(Array.from({ length: 100_000 }, () => set)))
  await client.alive()
  client.destroy()
  const again = await open({ clean: false, properties: { sessionExpiryInterval: 60 } }, id)
  again.bytes(frame(0x30, text(''), [3, 0x23, 0, 1]))
  expect(await again.closed()).toBe(0x94)
})

test('T9: filters match as the standard says, on the way to live and to retained messages [MQTT5-4.7.1-1] [MQTT5-4.7.1-2] [MQTT5-4.7.1-3] [MQTT5-4.7.2-1] [MQTT5-3.3.2-3]', async () => {
  const base = name()
  const cases: [filter: string, topics: string[]][] = [
    ['a/b', ['a/b']],
    ['a/b/', ['a/b/']],
    ['/a', ['/a']],
    ['+', ['a']],
    ['+/+', ['a/b', '/a']],
    ['+/+/', ['a/b/']],
    ['a/#', ['a', 'a/b', 'a/b/']],
    ['a/+', ['a/b']],
    ['#', ['a', 'a/b', 'a/b/', '/a']],
  ]
  const topics = ['a', 'a/b', 'a/b/', '/a']
  const publisher = await open({}, name(), 1)
  const check = async (retained: boolean) => {
    for (const [filter, expected] of cases) {
      const client = await open()
      if (retained) await client.subscribe(`${base}/${filter}`, 1)
      else {
        await client.subscribe(`${base}/${filter}`, 1)
        for (const topic of topics) publisher.send(publish(`${base}/${topic}`, { payload: topic }))
      }
      for (const topic of expected) expect((await client.message(topic)).topic).toBe(`${base}/${topic}`)
      const last = `end of ${filter}`
      await client.subscribe(`${base}.end`, 1)
      publisher.send(publish(`${base}.end`, { payload: last }))
      await client.message(last)
      expect(client.payloads.filter((payload) => payload !== last).sort(), filter).toEqual([...expected].sort())
    }
  }
  await check(false)
  for (const topic of topics) {
    publisher.send(publish(`${base}/${topic}`, { payload: topic, retain: true, qos: 1, messageId: 9 }))
    await publisher.next('puback')
  }
  await check(true)
})

test('T9: wildcards at the beginning do not reach topics that begin with $', async () => {
  const publisher = await open()
  const client = await open()
  const topic = name()
  for (const filter of ['#', `+/${topic}`]) await client.subscribe(filter)
  const direct = await open()
  await direct.subscribe(`$other/${topic}`)
  publisher.send(publish(`$other/${topic}`, { payload: 'dollar' }))
  publisher.send(publish(`x/${topic}`, { payload: 'plain' }))
  await client.message('plain')
  await direct.message('dollar')
  expect(client.payloads).not.toContain('dollar')
})

test('T6 S10: topics below $SYS are the server’s to write, by a will neither', async () => {
  const client = await open()
  client.send(publish('$SYS/x', { qos: 1, messageId: 1 }))
  expect(await client.next('puback')).toMatchObject({ messageId: 1, reasonCode: 0x87 })
  client.send(publish('$SYS/x', { qos: 2, messageId: 2 }))
  expect(await client.next('pubrec')).toMatchObject({ messageId: 2, reasonCode: 0x87 })
  client.send(publish('$SYS/x'))
  expect(await client.closed()).toBe(0x87)
  const dying = raw()
  dying.connect(name(), { will: { topic: '$SYS/x', payload: Buffer.from('w'), qos: 0, retain: false } })
  await dying.closed()
  expect(dying.connack?.reasonCode).toBe(0x87)
})

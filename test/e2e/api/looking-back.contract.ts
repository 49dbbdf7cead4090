import { readSettings } from '@tern/config'
import { type Log, type LogSettings, logSettings, openLog } from '@tern/log'
import { message, messaging, retained, topics } from '@tern/proto'
import { batches, encodeBatch } from '@tern/record'
import { connectApi } from '@tern/rpc'
import { silentLogger, systemClock } from '@tern/runtime'
import { connectAsync, type IClientPublishOptions, type MqttClient } from 'mqtt'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { type ZoneName, zoneNames } from '../../../tools/region/plan.ts'
import { type Region, startRegion } from '../../support/region.ts'

const { EARLIEST } = message.StartPosition_Anchor
const timestamp = (timeMs: number) => ({ seconds: Math.floor(timeMs / 1_000), nanos: (timeMs % 1_000) * 1_000_000 })
const numbers = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => String(from + i))
const textOf = ({ payload }: message.Message) => Buffer.from(payload).toString()

/** What the public API says of stored messages, on a region of real processes and the log that it is given. */
export function lookingBackContract(name: string, kafka?: () => LogSettings): void {
  describe(`looking back on ${name}`, () => {
    let region: Region
    let log: Log
    let device: MqttClient
    const api = (zone: number) => connectApi(region.plan.zones[zone]?.api ?? '', messaging.MessagingServiceService)
    const asked = (zone: number) => {
      const client = api(zone)
      onTestFinished(() => client.close())
      return client
    }

    beforeAll(async () => {
      const settings = kafka?.()
      region = await startRegion(settings)
      const told = settings ?? readSettings(logSettings, ['--log', region.plan.log ?? ''], {}).settings
      if (told === undefined) throw new Error('the log of the region is not known')
      log = await openLog(told, systemClock, silentLogger)
      device = await connectAsync(`mqtt://${region.addresses[0]}`, { protocolVersion: 5, clientId: 'device-7' })
    }, 120_000)
    afterAll(async () => {
      await device?.endAsync(true)
      await log?.close()
      await region?.stop()
    })

    const publish = (topic: string, payload: string, options: IClientPublishOptions = {}) =>
      device.publishAsync(topic, payload, { qos: 1, ...options })
    /** All pages, each once, by the zone's API. */
    async function query(zone: number, fields: Partial<messaging.QueryMessagesRequest>, between = async () => {}) {
      const client = api(zone)
      const found: message.Message[] = []
      try {
        for (let pageToken = '', pages = 0; ; pages++) {
          const page = await client.queryMessages(messaging.QueryMessagesRequest.create({ ...fields, pageToken }))
          expect(page.unreachableQueues).toEqual([])
          expect(page.messages.length).toBeLessThanOrEqual(fields.pageSize || 50)
          found.push(...page.messages)
          if (page.nextPageToken === '') return found
          expect(pages).toBeLessThan(1_000)
          pageToken = page.nextPageToken
          await between()
        }
      } finally {
        client.close()
      }
    }

    test('messages are found by topic, publisher, property, payload, time and id, in any zone', async () => {
      await publish('find/car-1/gps', '48.1')
      await publish('find/car-2/gps', 'the needle', { properties: { userProperties: { fleet: 'north', batch: '7' } } })
      const [noted] = await query(1, { topicFilter: 'find/car-2/gps' })
      const afterMs = ((noted?.publishTime?.seconds ?? 0) + 1) * 1_000
      const other = await connectAsync(`mqtt://${region.addresses[1]}`, { protocolVersion: 5, clientId: 'device-8' })
      // So that it lies in another second than the others.
      await expect.poll(() => Date.now(), { timeout: 3_000 }).toBeGreaterThan(afterMs + 100)
      await other.publishAsync('find/car-1/state', 'parked', { qos: 2 })
      await other.endAsync()
      const texts = async (fields: Partial<messaging.QueryMessagesRequest>) =>
        (await query(2, { topicFilter: 'find/#', ...fields })).map(textOf)
      expect(await texts({})).toEqual(['48.1', 'the needle', 'parked'])
      expect(await texts({ newestFirst: true })).toEqual(['parked', 'the needle', '48.1'])
      expect(await texts({ topicFilter: 'find/+/gps' })).toEqual(['48.1', 'the needle'])
      expect(await texts({ publisherClientId: 'device-8' })).toEqual(['parked'])
      expect(await texts({ userProperties: [{ name: 'fleet', value: 'north' }] })).toEqual(['the needle'])
      expect(await texts({ payloadContains: Buffer.from('need') })).toEqual(['the needle'])
      expect(await texts({ startTime: timestamp(afterMs) })).toEqual(['parked'])
      expect(await texts({ endTime: timestamp(afterMs) })).toEqual(['48.1', 'the needle'])
      expect(noted).toMatchObject({ topic: 'find/car-2/gps', publisherClientId: 'device-7', qos: 2 })
      const messageId = noted?.messageId ?? ''
      expect((await asked(0).getMessage({ messageId, view: 0 })).message).toEqual(noted)
    })

    test('pages hold each message once, while others are published and without', async () => {
      const all = numbers(0, 120)
      await Promise.all(all.map((text) => publish(`page/${Number(text) % 10}`, text)))
      const fields = { topicFilter: 'page/+', pageSize: 13 }
      let more = 120
      const quiet = await query(0, fields)
      const busy = await query(1, fields, async () => void (await publish('page/0', String(more++))))
      const newest = await query(2, { ...fields, newestFirst: true })
      expect(quiet.map(textOf).sort()).toEqual([...all].sort())
      expect(busy).toEqual(quiet)
      expect(newest.map(textOf).sort()).toEqual(numbers(0, more).sort())
      const times = newest.map(({ publishTime }) => timeOf(publishTime))
      expect(times).toEqual(times.toSorted((a, b) => b - a))
    })

    test('a void record is hidden from query, replay and get, and shown to whoever asks for it', async () => {
      await publish('void/one', 'once')
      const [stored] = await query(0, { topicFilter: 'void/one' })
      const { queue = 0, offset = 0 } = stored?.position ?? {}
      const { batches: bytes } = await log.read('tern.messages', queue, offset, 1)
      const body = [...batches(bytes)]
        .flatMap((batch) => [...batch.records()])
        .find((each) => each.offset === offset)?.body
      // As a proxy sends it again whose answer was lost: the same producer, the same sequence.
      const { baseOffset } = await log.append('tern.messages', queue, encodeBatch([body as Buffer]))
      await publish('void/one', 'twice')
      expect((await query(1, { topicFilter: 'void/+' })).map(textOf)).toEqual(['once', 'twice'])
      const whole = await query(1, { topicFilter: 'void/+', includeVoid: true })
      expect(whole.map((each) => [textOf(each), each.isVoid])).toEqual([
        ['once', false],
        ['once', true],
        ['twice', false],
      ])
      const messageId = `${queue}-${baseOffset}`
      await expect(asked(2).getMessage({ messageId, view: 0 })).rejects.toMatchObject({
        reason: 'MESSAGE_VOID',
        metadata: { void_reason: 'SENT_AGAIN' },
      })
      const replayed: string[] = []
      const request = messaging.ReplayMessagesRequest.create({ topicFilter: 'void/+' })
      for await (const { messages } of asked(0).replayMessages(request)) replayed.push(...messages.map(textOf))
      expect(replayed).toEqual(['once', 'twice'])
    })

    test('retained messages and topics are those of the whole region', async () => {
      await publish('tree/lamp/1', 'on', { retain: true })
      await publish('tree/lamp/2', 'off')
      const keeper = connectApi(region.plan.zones[1]?.api ?? '', retained.RetainedServiceService)
      const tree = connectApi(region.plan.zones[2]?.api ?? '', topics.TopicServiceService)
      onTestFinished(() => {
        keeper.close()
        tree.close()
      })
      const lamp = message.Message.create({ topic: 'tree/lamp/3', payload: Buffer.from('dim') })
      await keeper.setRetained({ message: lamp, requestId: '' })
      const listed = await keeper.listRetained(retained.ListRetainedRequest.create({ topicFilter: 'tree/#' }))
      expect(listed.messages.map(({ topic }) => topic)).toEqual(['tree/lamp/1', 'tree/lamp/3'])
      const level = () => tree.listTopicChildren({ path: 'tree/lamp', orderBy: 'name', pageSize: 0 })
      await expect
        .poll(async () => (await level()).children.map(({ name, retained: kept }) => [name, kept]))
        .toEqual([
          ['1', true],
          ['2', false],
          ['3', true],
        ])
      expect(await level()).toMatchObject({ totalSize: 3, approximate: false, unreachableQueues: [] })
      const found = await tree.searchTopics({ text: 'LAMP', pageSize: 0 })
      expect(found.topics.map(({ path }) => path).sort()).toEqual(['tree/lamp/1', 'tree/lamp/2', 'tree/lamp/3'])
      const one = await tree.getTopic({ topic: 'tree/lamp/1' })
      expect(one.retained && textOf(one.retained)).toBe('on')
      expect(one.lastMessage && textOf(one.lastMessage)).toBe('on')
      expect(await keeper.deleteRetained({ topicFilter: 'tree/#', validateOnly: false })).toEqual({
        deleted: 2,
        more: false,
      })
      await expect(keeper.getRetained({ topic: 'tree/lamp/1' })).rejects.toMatchObject({ reason: 'NOT_RETAINED' })
    })

    test('a message is sent again to a subscriber of MQTT', async () => {
      await publish('again/1', 'hello')
      const [stored] = await query(0, { topicFilter: 'again/1' })
      const came = new Promise<string>((resolve) => device.once('message', (_, payload) => resolve(String(payload))))
      await device.subscribeAsync('again/+', { qos: 1 })
      const messageIds = [stored?.messageId ?? '']
      const { results } = await asked(1).resendMessages(messaging.ResendMessagesRequest.create({ messageIds }))
      expect(results).toMatchObject([{ outcome: { $case: 'receipt' } }])
      expect(await came).toBe('hello')
    })

    test('a replay that follows survives the death of a zone: each message once, in the order of its topic', async () => {
      const beganMs = Date.now() - 1
      const count = 300
      const half = count / 2
      const send = (from: number, to: number) =>
        Promise.all(numbers(from, to).map((text) => publish(`stream/${Number(text) % 12}`, text)))
      await send(0, half)
      const client = asked(0)
      const request = messaging.ReplayMessagesRequest.create({
        topicFilter: 'stream/+',
        start: { at: { $case: 'time', value: timestamp(beganMs) } },
        follow: true,
      })
      const seen: string[] = []
      const ended = new AbortController()
      onTestFinished(() => ended.abort())
      let isKilled = false
      const killed = Promise.withResolvers<void>()
      for await (const { messages, gap } of client.replayMessages(request, { signal: ended.signal })) {
        expect(gap).toBe(false)
        seen.push(...messages.map(textOf))
        if (!isKilled && seen.length >= half) {
          isKilled = true
          void killZone(region, 'az-b').then(() => send(half, count).then(() => killed.resolve(), killed.reject))
        }
        if (seen.length >= count) break
      }
      await killed.promise
      expect(seen.toSorted()).toEqual(numbers(0, count).toSorted())
      for (let topic = 0; topic < 12; topic++) {
        const own = seen.map(Number).filter((text) => text % 12 === topic)
        expect(own).toEqual(own.toSorted((a, b) => a - b))
      }
      expect((await query(2, { topicFilter: 'stream/+' })).map(textOf).toSorted()).toEqual(seen.toSorted())
      const whole = messaging.ReplayMessagesRequest.create({
        topicFilter: 'stream/+',
        start: { at: { $case: 'anchor', value: EARLIEST } },
      })
      const again: string[] = []
      for await (const { messages } of asked(2).replayMessages(whole)) again.push(...messages.map(textOf))
      expect(again.toSorted()).toEqual(seen.toSorted())
    }, 90_000)
  })
}

const killZone = (region: Region, zone: ZoneName): Promise<void> => {
  expect(zoneNames).toContain(zone)
  return region.killZone(zone)
}

const timeOf = (time: { seconds: number; nanos: number } | undefined): number =>
  (time?.seconds ?? 0) * 1_000 + (time?.nanos ?? 0) / 1_000_000

import type { LogSettings } from '@tern/log'
import { cluster, message, messaging } from '@tern/proto'
import { connectApi } from '@tern/rpc'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { check } from '../../failure/checker.ts'
import { Device } from '../../failure/device.ts'
import { History } from '../../failure/history.ts'
import { publishCalls, subscribeCalls } from '../../failure/stream/grpc-calls.ts'
import { StreamPublisher } from '../../failure/stream/stream-publisher.ts'
import { ackOf, StreamSubscriber, type StreamSubscriberOptions } from '../../failure/stream/stream-subscriber.ts'
import { type Region, startRegion } from '../../support/region.ts'

const { AT_LEAST_ONCE } = message.QualityOfService
const { RETRY, SKIP } = messaging.NackAction
const publishEveryMs = 5
const seconds = (count: number) => ({ seconds: count, nanos: 0 })
const textOf = ({ message: delivered }: messaging.Delivery) => `${delivered?.payload}`

/** Streams of the public API and what settles their deliveries, on a region of real processes and the log that it is given. */
export function streamsContract(name: string, kafka?: () => LogSettings): void {
  describe(`streams on ${name}`, () => {
    let region: Region
    beforeAll(async () => {
      region = await startRegion(kafka?.())
    }, 120_000)
    afterAll(() => region?.stop())

    /** From one zone on, round about. */
    const from = <Address>(zone: number, addresses: readonly Address[]) => [
      ...addresses.slice(zone),
      ...addresses.slice(0, zone),
    ]
    const apisFrom = (zone: number) =>
      from(
        zone,
        region.plan.zones.map(({ api }) => api),
      )
    const api = (zone: number) => {
      const client = connectApi(region.plan.zones[zone]?.api ?? '', messaging.MessagingServiceService)
      onTestFinished(() => client.close())
      return client
    }
    const subscriber = (zone: number, kind: Omit<StreamSubscriberOptions, 'addresses' | 'dial' | 'windowMax'>) => {
      const stream = new StreamSubscriber({ addresses: apisFrom(zone), dial: subscribeCalls, windowMax: 50, ...kind })
      onTestFinished(() => stream.goOffline())
      return stream
    }
    const producer = (zone: number, clientId: string, history: History) => {
      const addresses = apisFrom(zone)
      const stream = new StreamPublisher({ clientId, addresses, history, dial: publishCalls, windowMax: 50 })
      onTestFinished(() => stream.stop())
      return stream
    }
    const publish = async (topic: string, ...texts: string[]) => {
      const messages = texts.map((text) =>
        message.Message.create({ topic, payload: Buffer.from(text), qos: AT_LEAST_ONCE }),
      )
      await api(0).publish({ messages, requestId: '', clientId: '' })
    }

    test('a negative acknowledgement brings a message again after its delay, or never; an extension puts its deadline off', async () => {
      const got: { text: string; attempt: number; at: number }[] = []
      const times = (text: string) => got.filter((each) => each.text === text).map(({ at }) => at)
      const stream = subscriber(1, {
        ...{ clientId: 'nacking', filters: ['nack/#'], history: new History() },
        settle(delivery, say) {
          const text = textOf(delivery)
          got.push({ text, attempt: delivery.attempt, at: performance.now() })
          const ackIds = [delivery.ackId]
          if (text === 'skipped') say({ $case: 'nack', value: { ackIds, action: SKIP, delay: undefined, reason: '' } })
          else if (delivery.attempt > 1 || text === 'last') say(ackOf(delivery))
          else if (text === 'delayed') {
            say({ $case: 'nack', value: { ackIds, action: RETRY, delay: seconds(2), reason: '' } })
          } else if (text === 'extended') {
            say({ $case: 'extendDeadline', value: { ackIds, ackDeadline: seconds(14) } })
          }
        },
      })
      await stream.start()
      await publish('nack/1', 'delayed', 'skipped', 'silent', 'extended')
      await expect.poll(() => times('extended').length, { timeout: 40_000 }).toBe(2)
      await publish('nack/1', 'last')
      await expect.poll(() => times('last').length).toBe(1)
      const counts = Map.groupBy(got, ({ text }) => text)
      expect([...counts].map(([text, all]) => [text, all.map(({ attempt }) => attempt)])).toEqual([
        ['delayed', [1, 2]],
        ['skipped', [1]],
        ['silent', [1, 2]],
        ['extended', [1, 2]],
        ['last', [1]],
      ])
      const waited = (text: string) => (times(text)[1] ?? 0) - (times(text)[0] ?? 0)
      // At least so long, by two clocks: not before its delay, its deadline of 10 s, and the one that was put off.
      expect(waited('delayed')).toBeGreaterThan(1_900)
      expect(waited('silent')).toBeGreaterThan(9_900)
      expect(waited('extended')).toBeGreaterThan(13_900)
    }, 60_000)

    test('what a member of a group pulled by one proxy is acknowledged, and put off, by any other', async () => {
      const subscription = messaging.SubscribeRequest_Open.fromPartial({
        ...{ topicFilters: ['pulled/#'], group: 'callers', subscriberId: 'caller' },
      })
      const pull = async (zone: number) =>
        (await api(zone).pull({ subscription, maxMessages: 10, wait: seconds(2) })).deliveries
      const settle = async (
        zone: number,
        ackIds: string[],
        nack: messaging.NackAction = messaging.NackAction.UNSPECIFIED,
      ) => (await api(zone).acknowledge({ subscriberId: 'caller', ackIds, nack, delay: undefined })).errors
      await pull(0)
      await publish('pulled/a', '1', '2', '3')
      const first: messaging.Delivery[] = []
      while (first.length < 3) first.push(...(await pull(0)))
      const idOf = (text: string) => first.find((each) => textOf(each) === text)?.ackId ?? ''
      expect(await settle(1, [idOf('1')])).toEqual([])
      expect(await settle(2, [idOf('2')], RETRY)).toEqual([])
      expect(await settle(2, [idOf('3')])).toEqual([])
      expect(await settle(1, [idOf('1')])).toMatchObject([{ ackId: idOf('1') }])
      const second: messaging.Delivery[] = []
      await expect.poll(async () => second.push(...(await pull(0))), { timeout: 20_000 }).toBe(1)
      expect(second.map((each) => `${textOf(each)}, attempt ${each.attempt}`)).toEqual(['2, attempt 2'])
      expect(await settle(1, [second[0]?.ackId ?? ''])).toEqual([])
    }, 60_000)

    test('two live streams of one producer: what both send is stored once, and both are told where', async () => {
      const heard: string[] = []
      const stream = subscriber(2, {
        ...{ clientId: 'twin-reader', filters: ['twin'], history: new History() },
        settle(delivery, say) {
          heard.push(textOf(delivery))
          say(ackOf(delivery))
        },
      })
      await stream.start()
      const count = 200
      const receipts = await Promise.all(
        [0, 1].map(async (zone) => {
          const call = api(zone).publishStream()
          const told = new Map<number, message.Position | undefined>()
          await call.send({ frame: { $case: 'open', value: { producerId: 'twin', clientId: '' } } })
          for (let sequence = 1; sequence <= count; sequence++) {
            const item = { topic: 'twin', payload: Buffer.from(`${sequence}`), qos: AT_LEAST_ONCE }
            const items = [{ sequence, message: message.Message.create(item) }]
            await call.send({ frame: { $case: 'items', value: { items } } })
          }
          call.end()
          for await (const { frame } of call) {
            if (frame?.$case !== 'acks') continue
            for (const { sequence, result } of frame.value.acks) {
              expect(result?.outcome?.$case).toBe('receipt')
              if (result?.outcome?.$case === 'receipt') told.set(sequence, result.outcome.value.position)
            }
          }
          return told
        }),
      )
      expect(receipts[0]?.size).toBe(count)
      expect(receipts[1]).toEqual(receipts[0])
      await publish('twin', 'end')
      await expect.poll(() => heard.at(-1), { timeout: 20_000 }).toBe('end')
      expect(new Set(heard).size).toBe(count + 1)
      expect(heard).toHaveLength(count + 1)
    }, 60_000)

    /** All queues of a zone move to others, and back. */
    const moveQueues = async (zone: string) => {
      const client = connectApi(region.plan.zones[0]?.api ?? '', cluster.ClusterServiceService)
      onTestFinished(() => client.close())
      const drain = (draining: boolean) => client.drain(cluster.DrainRequest.fromPartial({ zone, draining }))
      const { brokers } = await drain(true)
      const owned = async () =>
        (await client.getTopology({})).topology?.owners.filter((owner) => brokers.includes(owner)).length
      await expect.poll(owned, { timeout: 20_000 }).toBe(0)
      await drain(false)
      await expect.poll(owned, { timeout: 20_000 }).toBeGreaterThan(0)
    }

    test('producers, streams and groups of both kinds stay while queues move, and lose and double nothing when a zone is killed', async () => {
      const history = new History()
      const common = { history, filters: ['fleet/+'] }
      const device = (clientId: string, zone: number, filter: string, qos: 1 | 2) => {
        const options = { clientId, history, addresses: from(zone, region.addresses) }
        const made = new Device({ ...options, subscriptions: [{ filter, qos }] })
        onTestFinished(() => made.stop())
        return made
      }
      const clients = [
        subscriber(0, { ...common, clientId: 'alone' }),
        subscriber(1, { ...common, clientId: 'member-grpc', group: 'fleet' }),
        device('member-mqtt', 2, '$share/fleet/fleet/+', 1),
        device('fleet-all', 1, 'fleet/+', 2),
      ]
      await Promise.all(clients.map((client) => client.start()))
      const producers = [0, 1, 2].map((zone) => producer(zone, `producer-${zone}`, history))
      await Promise.all(producers.map((each) => each.start()))
      const pump = setInterval(() => {
        for (const [i, each] of producers.entries()) each.publish(`fleet/${i}`, i === 0 ? 1 : 2)
      }, publishEveryMs)
      onTestFinished(() => clearInterval(pump))
      const invoked = () => check(history.entries).counts.invoked
      await expect.poll(invoked, { timeout: 30_000 }).toBeGreaterThan(300)
      await moveQueues('az-b')
      expect(history.entries.filter(({ kind }) => kind === 'closed')).toEqual([])
      await region.killZone('az-b')
      const killed = invoked()
      await expect.poll(invoked, { timeout: 30_000 }).toBeGreaterThan(killed + 300)
      await region.restartZone('az-b')
      clearInterval(pump)
      await expect
        .poll(() => producers.map(({ unacknowledged }) => unacknowledged), { timeout: 30_000 })
        .toEqual([0, 0, 0])
      await expect.poll(() => check(history.entries).violations.slice(0, 5), { timeout: 40_000 }).toEqual([])
    }, 120_000)
  })
}

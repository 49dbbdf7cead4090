import type { CallContext } from '@tern/rpc'
import { silentLogger } from '@tern/runtime'
import { FakeQueue } from '../../../core/delivery/delivery.fixture.ts'
import type { Region } from '../../../ports.ts'
import { type FakeRegion, setUp } from '../../connection/client-connection.fixture.ts'
import type { Connections } from '../../connection/connections.ts'
import type { Looking } from '../call.ts'
import type { SubscribePorts } from './subscribe.ts'

export type OneQueue = Readonly<{
  clock: ReturnType<typeof setUp>['clock']
  fake: FakeRegion
  /** For a test to change. */
  region: { -readonly [Name in keyof Region]: Region[Name] }
  connections: Connections
  queue: FakeQueue
  ports: SubscribePorts
  call: CallContext
  gone: AbortController
  draining: AbortController
  publish(...texts: Parameters<FakeQueue['publish']>): Promise<void>
}>

/** What streams of subscribers stand on: a region of one queue, on virtual time. */
export function onOneQueue(): OneQueue {
  const { clock, fake, connections, context: surroundings } = setUp()
  const queue = new FakeQueue()
  const { read, next, settleLease, returnLease } = queue.region
  const addInterest = async () => [{ queue: 0, position: queue.messages.length - 1 }]
  const region = { ...fake.region, read, next, settleLease, returnLease, addInterest }
  const context = { ...surroundings, region, fanOut: queue.fanOut, groups: queue.groups, logger: silentLogger }
  const looking = { clock, traceIds: { traceIdOf: () => 'trace' } } as unknown as Looking
  const ports: SubscribePorts = { context, looking, where: { proxy: 'proxy-a', zone: 'az-a' } }
  const [gone, draining] = [new AbortController(), new AbortController()]
  const call = { signal: gone.signal, draining: draining.signal } as CallContext
  const publish = async (...texts: Parameters<FakeQueue['publish']>) => {
    queue.publish(...texts)
    await clock.pass(0)
  }
  return { clock, fake, region, connections, queue, ports, call, gone, draining, publish }
}

import { messaging, retained, topics, traces } from '@tern/proto'
import { connectApi } from '@tern/rpc'
import { silentLogger, systemClock } from '@tern/runtime'
import { noTracer } from '@tern/telemetry'
import type { ProxyConfig } from '../../config.ts'
import { ProxyCounters } from '../../core/counters.ts'
import type { Context } from '../connection/context.ts'
import type { Members } from '../region/members.ts'
import type { Nameservers } from '../region/nameservers.ts'
import type { TraceServices } from '../traces/trace-services.ts'
import { FakeOwners } from './owners.fixture.ts'
import { startApi } from './server.ts'

/** The public API of a proxy over gRPC, before brokers that hold 30 messages. */
export async function served(whenOver: (stop: () => void) => void, queues = 3, askTraces = {} as TraceServices) {
  const owners = await FakeOwners.start(queues)
  const config = { zone: 'az-a', api: ['127.0.0.1:0'], apiShared: [] } as unknown as ProxyConfig
  const counted = { counters: new ProxyCounters(), tracer: noTracer }
  const context = {
    ...counted,
    region: owners.region(),
    clock: systemClock,
    logger: silentLogger,
  } as unknown as Context
  const others = { members: {} as Members, nameservers: {} as Nameservers }
  const server = await startApi({ config, context, scans: owners.scans, traces: askTraces, ...others })
  const address = server.addresses[0] ?? ''
  const client = connectApi(address, messaging.MessagingServiceService)
  const keeper = connectApi(address, retained.RetainedServiceService)
  const tree = connectApi(address, topics.TopicServiceService)
  const tracing = connectApi(address, traces.TraceServiceService)
  whenOver(() => {
    for (const each of [client, keeper, tree, tracing]) each.close()
    server.kill()
    owners.stop()
  })
  for (let i = 0; i < 30; i++) owners.publish(`t/${i % 9}`, String(i), 1_000 + i)
  return {
    ...{ address, owners, client, keeper, tree, tracing },
    query: (fields: Partial<messaging.QueryMessagesRequest>) =>
      client.queryMessages(messaging.QueryMessagesRequest.create(fields)),
    replay: (fields: Partial<messaging.ReplayMessagesRequest>, signal?: AbortSignal) =>
      client.replayMessages(messaging.ReplayMessagesRequest.create(fields), signal && { signal }),
    resend: (fields: Partial<messaging.ResendMessagesRequest>) =>
      client.resendMessages(messaging.ResendMessagesRequest.create(fields)),
  }
}

/** What a call came to, in two words. */
export const outcomeOf = (call: Promise<unknown>): Promise<string> =>
  call.then(
    () => 'OK',
    ({ code, reason }) => `${code} ${reason}`,
  )

import { cluster } from '@tern/proto'
import { connectApi } from '@tern/rpc'
import { silentLogger, systemClock, version } from '@tern/runtime'
import { recordingTracer } from '@tern/telemetry/testing'
import { expect, onTestFinished, test } from 'vitest'
import type { ProxyConfig } from '../../config.ts'
import { ProxyCounters } from '../../core/counters.ts'
import type { Context } from '../connection/context.ts'
import type { Members } from '../region/members.ts'
import type { Nameservers } from '../region/nameservers.ts'
import type { Scans } from '../region/scans.ts'
import type { TraceServices } from '../traces/trace-services.ts'
import { startApi } from './server.ts'

/** Of what is not asked here. */
const noConcern = {
  scans: {} as Scans,
  traces: {} as TraceServices,
  members: {} as Members,
  nameservers: {} as Nameservers,
}

test('a proxy says what region it serves, and by which of its proxies', async () => {
  const config = {
    ...{ zone: 'az-b', api: ['127.0.0.1:0'], apiShared: [] },
    about: { log: 'kafka', mode: '' },
  } as unknown as ProxyConfig
  const tracer = recordingTracer()
  const counters = new ProxyCounters()
  const region = { queues: 12 }
  const context = { region, counters, tracer, clock: systemClock, logger: silentLogger } as unknown as Context
  const server = await startApi({ config, context, ...noConcern })
  const client = connectApi(server.addresses[0] ?? '', cluster.ClusterServiceService)
  onTestFinished(() => {
    client.close()
    server.kill()
  })
  expect(await client.getServerInfo({})).toEqual({
    version,
    proxy: 'proxy-b',
    zone: 'az-b',
    queues: 12,
    log: 'kafka',
    retention: { seconds: 259_200, nanos: 0 },
    payloadBytesMax: 900_000,
    pageSizeMax: 1_000,
    mode: '',
  })
  const name = 'tern.v1.ClusterService/GetServerInfo'
  expect(tracer.spans).toMatchObject([{ name, attributes: { 'rpc.response.status_code': 'OK' } }])
  expect(counters.calls.points()).toMatchObject([[[name, 'OK'], { count: 1 }]])
})

import { allowAnonymousSetting, loopbackOnly, type Settings, type Spec } from '@tern/config'
import { checkLogSettings, logSettings } from '@tern/log'
import { checkTraceKey, traceKeySetting } from '@tern/telemetry'
import { metricsSetting } from '@tern/telemetry/node'
import type { TraceConfig } from './config.ts'

/** What whoever runs a trace service may say. */
export const settings = {
  zone: { flag: 'zone', env: 'TERN_ZONE', kind: 'text', help: 'the availability zone it stands in' },
  listen: {
    flag: 'listen',
    env: 'TERN_TRACE_LISTEN',
    kind: 'address',
    default: '127.0.0.1:7600',
    min: 0,
    help: 'host:port where proxies bring the delivery ledger and ask for traces; port 0 takes a free one',
  },
  tempo: {
    flag: 'tempo',
    env: 'TERN_TRACE_TEMPO',
    kind: 'addresses',
    default: '127.0.0.1:3200',
    min: 0,
    help: "host:port of Tempo's API, which Grafana's data source of that name asks; empty: none",
  },
  otlpGrpc: {
    flag: 'otlp-grpc',
    env: 'TERN_TRACE_OTLP_GRPC',
    kind: 'addresses',
    default: '127.0.0.1:4317',
    min: 0,
    help: 'host:port that takes spans of others by OTLP over gRPC; empty: none',
  },
  otlpHttp: {
    flag: 'otlp-http',
    env: 'TERN_TRACE_OTLP_HTTP',
    kind: 'addresses',
    default: '127.0.0.1:4318',
    min: 0,
    help: 'host:port that takes spans of others by OTLP over HTTP; empty: none',
  },
  nameservers: {
    flag: 'nameservers',
    env: 'TERN_NAMESERVERS',
    kind: 'addresses',
    help: 'host:port of every nameserver, with commas',
  },
  ...logSettings,
  traceKey: traceKeySetting,
  metrics: metricsSetting(9467),
  allowAnonymous: allowAnonymousSetting,
} as const satisfies Spec

type TraceSettings = Settings<typeof settings>

/** What no setting can judge alone. */
export function checkSettings(given: TraceSettings): (string | undefined)[] {
  const { listen, tempo, otlpGrpc, otlpHttp, metrics, allowAnonymous } = given
  const addresses = [listen, ...tempo, ...otlpGrpc, ...otlpHttp, ...metrics]
  return [
    ...checkLogSettings(given),
    checkTraceKey(given.traceKey),
    ...addresses.map((address) => loopbackOnly(address, allowAnonymous)),
  ]
}

export const configOf = (given: TraceSettings, draw: () => string): TraceConfig => ({
  ...{ zone: given.zone, nonce: draw, nameservers: given.nameservers, listen: given.listen },
  ...{ tempo: given.tempo, otlpGrpc: given.otlpGrpc, otlpHttp: given.otlpHttp, traceKey: given.traceKey },
})

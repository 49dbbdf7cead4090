import { allowAnonymousSetting, loopbackOnly, type Settings, type Spec } from '@tern/config'
import { checkTraceKey, traceKeySetting } from '@tern/telemetry'
import { metricsSetting } from '@tern/telemetry/node'
import type { ProxyConfig } from './config.ts'
import { connectionLimits } from './core/connection/limits.ts'

/** What whoever runs a proxy may say. */
export const settings = {
  zone: { flag: 'zone', env: 'TERN_ZONE', kind: 'text', help: 'the availability zone it stands in' },
  mqtt: {
    flag: 'mqtt',
    env: 'TERN_PROXY_MQTT',
    kind: 'address',
    default: '127.0.0.1:1883',
    help: 'host:port for MQTT over TCP, its own',
  },
  rpc: {
    flag: 'rpc',
    env: 'TERN_PROXY_RPC',
    kind: 'address',
    default: '127.0.0.1:7600',
    min: 0,
    help: 'host:port of what other services ask it: nameservers know the proxy by it; port 0 takes a free one',
  },
  mqttShared: {
    flag: 'mqtt-shared',
    env: 'TERN_PROXY_MQTT_SHARED',
    kind: 'addresses',
    default: '',
    help: 'host:port for MQTT that other proxies of the machine bind, too',
  },
  websocket: {
    flag: 'websocket',
    env: 'TERN_PROXY_WEBSOCKET',
    kind: 'addresses',
    default: '127.0.0.1:8083',
    help: 'host:port for MQTT over WebSocket at /mqtt; empty: none',
  },
  websocketShared: {
    flag: 'websocket-shared',
    env: 'TERN_PROXY_WEBSOCKET_SHARED',
    kind: 'addresses',
    default: '',
    help: 'host:port for WebSocket that other proxies of the machine bind, too',
  },
  api: {
    flag: 'api',
    env: 'TERN_PROXY_API',
    kind: 'addresses',
    default: '127.0.0.1:9090',
    help: 'host:port for the public API, gRPC and HTTP; empty: none',
  },
  apiShared: {
    flag: 'api-shared',
    env: 'TERN_PROXY_API_SHARED',
    kind: 'addresses',
    default: '',
    help: 'host:port for the public API that other proxies of the machine bind, too',
  },
  log: {
    flag: 'log',
    env: 'TERN_LOG',
    kind: 'text',
    default: '',
    help: 'the log of the region as its brokers are told: the proxy never speaks to it, and only says in GetServerInfo what it is',
  },
  nameservers: {
    flag: 'nameservers',
    env: 'TERN_NAMESERVERS',
    kind: 'addresses',
    help: 'host:port of every nameserver, with commas',
  },
  connectionsMax: {
    flag: 'connections-max',
    env: 'TERN_PROXY_CONNECTIONS_MAX',
    kind: 'whole',
    default: String(connectionLimits.connectionsMax),
    min: 1,
    help: 'connections that the proxy has at most; further ones are closed at once',
  },
  trace: {
    flag: 'trace',
    env: 'TERN_TRACE',
    kind: 'switch',
    default: 'true',
    help: 'tell the trace service of every message and each of its deliveries',
  },
  tellTraces: {
    flag: 'tell-traces',
    env: 'TERN_TELL_TRACES',
    kind: 'switch',
    help: 'give publishers of MQTT 5 the trace of each message in its PUBACK or PUBREC, as the user property traceparent',
  },
  traceKey: traceKeySetting,
  metrics: metricsSetting(9464),
  allowAnonymous: allowAnonymousSetting,
} as const satisfies Spec

type ProxySettings = Settings<typeof settings>

/** What no setting can judge alone. */
export function checkSettings(given: ProxySettings): (string | undefined)[] {
  const { mqtt, rpc, mqttShared, websocket, websocketShared, api, apiShared, metrics, allowAnonymous } = given
  const addresses = [mqtt, rpc, ...mqttShared, ...websocket, ...websocketShared, ...api, ...apiShared, ...metrics]
  return [...addresses.map((address) => loopbackOnly(address, allowAnonymous)), checkTraceKey(given.traceKey)]
}

export function configOf(given: ProxySettings, draw: () => string): ProxyConfig {
  const { zone, nameservers, mqtt, rpc, metrics, mqttShared, websocket, websocketShared, api, apiShared } = given
  const { connectionsMax, trace, tellTraces, traceKey, log } = given
  const listeners = { mqtt, rpc, metrics: metrics[0], mqttShared, websocket, websocketShared, api, apiShared }
  const about = { log: log === '' || log === 'kafka' ? log : 'embedded', mode: '' }
  return {
    about,
    zone,
    nameservers,
    connectionsMax,
    trace,
    tellTraces,
    traceKey,
    ...listeners,
    nonce: draw,
    drawId: () => `auto-${draw()}`,
  }
}

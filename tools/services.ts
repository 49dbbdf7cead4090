import { settings as broker, metricSpecs as brokerMetrics } from '@tern/broker'
import type { Spec } from '@tern/config'
import { metricSpecs as consoleMetrics, settings as consoleSettings } from '@tern/console'
import { metricSpecs as logMetrics } from '@tern/log'
import { settings as nameserver, metricSpecs as nameserverMetrics } from '@tern/nameserver'
import { settings as proxy, metricSpecs as proxyMetrics } from '@tern/proxy'
import type { MetricSpecs } from '@tern/telemetry'
import { exportMetricSpecs, processMetricSpecs } from '@tern/telemetry/node'
import { settings as trace, metricSpecs as traceMetrics } from '@tern/trace'

/** Settings of every service that runs as a process of its own, in the order of the README. */
export const settingsOfServices: Readonly<Record<string, Spec>> = {
  nameserver,
  broker,
  proxy,
  trace,
  console: consoleSettings,
}

/** What every service counts, in the order of docs/metrics.md. */
export const metricsOfServices: Readonly<Record<string, MetricSpecs>> = {
  proxy: proxyMetrics,
  broker: brokerMetrics,
  nameserver: nameserverMetrics,
  trace: traceMetrics,
  console: consoleMetrics,
  'embedded log': logMetrics,
  'every process': processMetricSpecs,
  'processes that export to a collector': exportMetricSpecs,
}

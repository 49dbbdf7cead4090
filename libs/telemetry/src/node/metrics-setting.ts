import type { Setting } from '@tern/config'

/** Where a service says what it counts; each kind has a port of its own unless told, so that one of each fits on a machine. */
export const metricsSetting = (port: number) =>
  ({
    flag: 'metrics',
    env: 'TERN_METRICS',
    kind: 'addresses',
    default: `127.0.0.1:${port}`,
    min: 0,
    help: 'host:port for /metrics (Prometheus, OpenMetrics), /health and /ready; empty: none',
  }) as const satisfies Setting

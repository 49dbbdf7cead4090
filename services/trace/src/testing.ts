export { GrafanaDouble, profiles } from './testing/grafana/double.ts'
export { overNetwork } from './testing/grafana/over-network.ts'
export { type Prometheus, startPrometheus } from './testing/prometheus.ts'

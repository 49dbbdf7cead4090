export type { NameserverConfig } from './config.ts'
export { nameserverMetricSpecs as metricSpecs } from './metrics.ts'
export { createNameserver, type Nameserver, type NameserverPorts } from './nameserver.ts'
export { settings } from './settings.ts'

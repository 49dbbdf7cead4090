export { type Endpoint, type EndpointOptions, serveEndpoint } from './endpoint.ts'
export { processMetricSpecs, processMetrics } from './process-metrics.ts'

export { type Endpoint, type EndpointOptions, serveEndpoints, serveEndpointsOrExit } from './endpoint.ts'
export { metricsSetting } from './metrics-setting.ts'
export { processMetricSpecs } from './process-metrics.ts'

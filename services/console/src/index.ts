export type { ConsoleConfig } from './config.ts'
export { type Console, type ConsolePorts, createConsole } from './console.ts'
export { consoleMetricSpecs as metricSpecs } from './metrics.ts'
export { settings } from './settings.ts'

export type { NameserverConfig } from './config.ts'
export { createNameserver, type Nameserver, type NameserverPorts } from './nameserver.ts'
export { settings } from './settings.ts'

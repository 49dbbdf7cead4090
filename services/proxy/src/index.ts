export type { ProxyConfig } from './config.ts'
export type { ProxyNetwork, ProxyPorts } from './incarnation.ts'
export { createProxy, type Proxy } from './proxy.ts'
export { settings } from './settings.ts'

export type { LinkStream } from './adapters/link/link.ts'
export { type Broker, createBroker } from './broker.ts'
export type { BrokerConfig } from './config.ts'
export { type BrokerLives, type BrokerNetwork, type BrokerPorts, createBrokerLives } from './lives.ts'

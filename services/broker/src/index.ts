export { type Broker, type BrokerPorts, createBroker } from './broker.ts'
export type { BrokerConfig } from './config.ts'

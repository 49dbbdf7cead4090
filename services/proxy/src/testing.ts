// The parts that a simulated region is made of; for test/simulation alone.
export { ClientConnection } from './adapters/connection/client-connection.ts'
export { microsecondsOf } from './adapters/ledger/microseconds.ts'
export type { ClientSocket, ClientSocketListener } from './adapters/net/client-socket.ts'
export { ProxyCounters } from './core/counters.ts'
export { BlockBuffer } from './core/ledger/block-buffer.ts'
export { Ledger } from './core/ledger/ledger.ts'
export { beginIncarnation } from './incarnation.ts'

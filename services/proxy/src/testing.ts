// The parts that a simulated region is made of; for test/simulation alone.
export { ClientConnection } from './adapters/connection/client-connection.ts'
export type { ClientSocket, ClientSocketListener } from './adapters/net/client-socket.ts'
export { beginIncarnation } from './incarnation.ts'

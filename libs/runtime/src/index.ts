export { type Clock, type Millis, systemClock, type Timer } from './clock.ts'
export type { Duplex, DuplexListener } from './duplex.ts'
export { createLogger, type Logger, silentLogger } from './logger.ts'
export { unreachable } from './unreachable.ts'

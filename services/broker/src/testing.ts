// The parts that a simulated region is made of; for test/simulation alone.
export { createHomeService } from './adapters/home/service.ts'
export { Links } from './adapters/link/link-service.ts'
export { RecordPublisher } from './adapters/link/record-publisher.ts'
export { Ownership } from './adapters/queue/ownership.ts'

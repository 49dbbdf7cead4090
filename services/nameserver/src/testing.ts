// The parts that a simulated region is made of; for test/simulation alone.
export { openControlLog } from './adapters/control-log.ts'
export { beginRun } from './run.ts'

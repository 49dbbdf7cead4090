// The part of a proxy that a simulated region needs; for test/simulation alone.
export { LinkedRegion } from './adapters/region/region.ts'

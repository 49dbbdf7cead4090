export type { Decider, Decision } from './decider.ts'
export { run } from './run.ts'

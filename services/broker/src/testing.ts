/** For tests that write what an owner would have written. */
export { encodeStateRecord, type StateWrite } from './adapters/home/state-record.ts'

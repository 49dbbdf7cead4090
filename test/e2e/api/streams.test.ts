import { streamsContract } from './streams.contract.ts'

streamsContract('the embedded log')

import { inject } from 'vitest'
import { streamsContract } from '../e2e/api/streams.contract.ts'
import { kafkaSettings } from './kafka-settings.ts'

streamsContract('a real Kafka', () => kafkaSettings(inject('kafkaBootstrap')))

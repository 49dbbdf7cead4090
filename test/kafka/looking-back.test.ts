import { inject } from 'vitest'
import { lookingBackContract } from '../e2e/api/looking-back.contract.ts'
import { kafkaSettings } from './kafka-settings.ts'

lookingBackContract('a real Kafka', () => kafkaSettings(inject('kafkaBootstrap')))

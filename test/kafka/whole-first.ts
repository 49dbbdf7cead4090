import { beforeAll } from 'vitest'
import { untilKafkaIsWhole } from './kafka-settings.ts'

/** The file before may have left a node that is just coming back. */
beforeAll(untilKafkaIsWhole)

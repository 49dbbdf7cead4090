import kafkajs from 'kafkajs'
import { expect, test } from 'vitest'
import { deniedOf } from './denied.ts'

const { KafkaJSAggregateError, KafkaJSProtocolError } = kafkajs
const errorOf = (type: string) => new KafkaJSProtocolError(Object.assign(new Error('no'), { type, code: 29 }))
const sasl = { mechanism: 'PLAIN', username: 'ada', password: 'x' } as const

test('what access rules forbid is told with the user, the rights and the topics', () => {
  const error = new KafkaJSAggregateError('Topic creation errors', [errorOf('TOPIC_AUTHORIZATION_FAILED')])
  expect(deniedOf(error, { sasl, prefix: 'a.' })).toMatch(
    /^Kafka's access rules do not let the user "ada" .*\(TOPIC_AUTHORIZATION_FAILED\); allow Create, .* on topics named a\.tern\.\*$/,
  )
  expect(deniedOf(errorOf('CLUSTER_AUTHORIZATION_FAILED'), {})).toContain('who does not log in')
})

test('other failures are none of theirs', () => {
  expect(deniedOf(errorOf('NOT_CONTROLLER'), { sasl })).toBeUndefined()
  expect(deniedOf('who knows', { sasl })).toBeUndefined()
})

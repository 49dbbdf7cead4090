import { silentLogger, systemClock } from '@tern/runtime'
import { expect, test } from 'vitest'
import { misfitOf } from './misfit.ts'
import type { KafkaOptions } from './options.ts'

const options: KafkaOptions = { bootstrap: ['k:9092'], clock: systemClock, logger: silentLogger }
const sasl = { mechanism: 'PLAIN', username: 'tern', password: 'hush' } as const

/** As the client throws: what matters stands inside. */
const failed = (message: string, facts: object = {}) =>
  new Error('Connection to k:9092 failed.', { cause: Object.assign(new Error(message), facts) })
const answered = (apiId: string) =>
  new Error('failed', { cause: new AggregateError([Object.assign(new Error('an answer'), { apiId })], 'a response') })

test.each<[error: Error, security: Partial<KafkaOptions>, sentence: string | undefined]>([
  [failed('connect ECONNREFUSED', { code: 'ECONNREFUSED' }), {}, undefined],
  [failed('Request timed out'), { tls: {}, sasl }, undefined],
  [failed('unable to verify', { code: 'SELF_SIGNED_CERT_IN_CHAIN' }), { tls: {} }, 'by --kafka-ca'],
  [failed('it ended yesterday', { code: 'CERT_HAS_EXPIRED' }), { tls: {} }, 'does not hold: it ended yesterday'],
  [failed('not for k', { code: 'ERR_TLS_CERT_ALTNAME_INVALID' }), { tls: {} }, 'does not hold: not for k'],
  [answered('SASL_AUTHENTICATION_FAILED'), { sasl }, 'does not let the user "tern" in'],
  [answered('UNSUPPORTED_SASL_MECHANISM'), { sasl }, 'does not take PLAIN'],
  [answered('ILLEGAL_SASL_STATE'), { sasl }, 'leave --kafka-sasl out'],
  [answered('NOT_CONTROLLER'), { sasl }, undefined],
  [failed('Connection closed'), {}, 'want TLS, which takes --kafka-tls, or a login, which takes --kafka-sasl'],
  [failed('Connection closed'), { tls: {}, sasl }, undefined],
])('%s with %j', (error, security, sentence) => {
  const found = misfitOf(error, { ...options, ...security })
  if (sentence === undefined) expect(found).toBeUndefined()
  else expect(found).toContain(sentence)
  expect(found ?? '').not.toContain('hush')
})

import type { KafkaOptions } from './options.ts'
import { failureChain } from './wire/failure-chain.ts'

/** What Node says of a certificate whose authority it does not trust. */
const untrusted = new Set([
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'CERT_SIGNATURE_FAILURE',
])

/** Names of Kafka's protocol. */
const login = new Map<unknown, (options: KafkaOptions) => string>([
  [
    'SASL_AUTHENTICATION_FAILED',
    ({ sasl }) =>
      `it does not let the user "${sasl?.username}" in with this password; check --kafka-user, and --kafka-password-file or TERN_KAFKA_PASSWORD`,
  ],
  [
    'UNSUPPORTED_SASL_MECHANISM',
    ({ sasl }) => `its listener does not take ${sasl?.mechanism}; give by --kafka-sasl what it has enabled`,
  ],
  [
    'ILLEGAL_SASL_STATE',
    () => 'its listener takes no login; leave --kafka-sasl out, or give the port of a listener that does',
  ],
])

/** Why a node will not let these settings in however often they are tried; undefined when a later try may do better. */
export function misfitOf(error: unknown, options: KafkaOptions): string | undefined {
  const chain = failureChain(error) as (Error & { code?: unknown; apiId?: unknown })[]
  const saying = (words: string) => chain.some(({ message }) => message.includes(words))
  for (const { code, apiId, message } of chain) {
    if (untrusted.has(String(code))) {
      return `its certificate is not signed by who is trusted here (${code}); give the PEM file of its authority by --kafka-ca`
    }
    if (code === 'CERT_HAS_EXPIRED' || code === 'ERR_TLS_CERT_ALTNAME_INVALID') {
      return `its certificate does not hold: ${message}`
    }
    const sentence = login.get(apiId)
    if (sentence !== undefined) return sentence(options)
  }
  if (saying('requires TLS')) return 'its listener speaks TLS; say --kafka-tls'
  if (saying('TLS handshake failed')) {
    return 'its listener speaks no TLS; leave --kafka-tls out, or give the port of one that does'
  }
  return saying('Connection closed') ? closedOn(options) : undefined
}

/** A listener closes the connection, and says nothing, when it is greeted as it does not expect. */
function closedOn({ tls, sasl }: KafkaOptions): string | undefined {
  const missing = [
    tls === undefined ? 'TLS, which takes --kafka-tls' : '',
    sasl === undefined ? 'a login, which takes --kafka-sasl' : '',
  ].filter((each) => each !== '')
  if (missing.length === 0) return undefined
  return `it closed the connection without an answer: its listener may want ${missing.join(', or ')}`
}

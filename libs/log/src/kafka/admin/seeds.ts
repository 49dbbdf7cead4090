import { addressOf } from '@tern/runtime'
import type { ISocketFactory, KafkaConfig } from 'kafkajs'
import createSocketFactory from 'kafkajs/src/network/socketFactory.js'

const connect = createSocketFactory()

/**
 * kafkajs 2.2.4 takes what stands before the first colon for the host: of `[::1]:9092` that is `[`. So it is told the host with its
 * colons encoded, and dials it decoded. In names of hosts there is nothing to encode.
 */
export function seedsOf(bootstrap: readonly string[]): Pick<KafkaConfig, 'brokers' | 'socketFactory'> {
  return {
    brokers: bootstrap.map((address) => {
      const { host, port } = addressOf(address)
      return `${encodeURIComponent(host)}:${port}`
    }),
    socketFactory: (told: Parameters<ISocketFactory>[0]) => connect({ ...told, host: decodeURIComponent(told.host) }),
  }
}

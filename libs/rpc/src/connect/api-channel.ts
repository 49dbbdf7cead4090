import { Client, credentials } from '@grpc/grpc-js'
import { publicLimits } from '../public/limits.ts'

/** Whatever says UNAVAILABLE did not do it, or can be asked again: writes carry request ids. */
const retries = JSON.stringify({
  methodConfig: [
    {
      name: [{}],
      retryPolicy: {
        maxAttempts: 5,
        initialBackoff: '0.1s',
        maxBackoff: '5s',
        backoffMultiplier: 2,
        retryableStatusCodes: ['UNAVAILABLE'],
      },
    },
  ],
  retryThrottling: { maxTokens: 10, tokenRatio: 0.1 },
})

/** A connection to the public API of a region, opened when first used; several clients may share one. */
export type ApiChannel = Readonly<{ client: Client; close(): void }>

export type ChannelOptions = Readonly<{
  /** False: each call is tried once. */
  retry?: boolean
}>

export function openChannel(target: string, { retry = true }: ChannelOptions = {}): ApiChannel {
  const client = new Client(target, credentials.createInsecure(), {
    'grpc.max_receive_message_length': 2 * publicLimits.messageBytesMax,
    'grpc.max_send_message_length': publicLimits.messageBytesMax,
    'grpc.keepalive_time_ms': 30_000,
    'grpc.keepalive_timeout_ms': 10_000,
    'grpc.keepalive_permit_without_calls': 0,
    'grpc.initial_reconnect_backoff_ms': 100,
    'grpc.max_reconnect_backoff_ms': 2_000,
    'grpc.enable_channelz': 0,
    'grpc.use_local_subchannel_pool': 1,
    'grpc-node.flow_control_window': 1024 * 1024,
    'grpc.enable_retries': retry ? 1 : 0,
    ...(retry && { 'grpc.service_config': retries }),
  })
  return { client, close: () => client.close() }
}

import type { KafkaOptions } from '../options.ts'
import { failureChain } from '../wire/failure-chain.ts'

/** What a user of Kafka must be allowed so that a region works (README.md, "Run it on Kafka"). */
const topicRights = 'Create, Describe, DescribeConfigs, Read, Write and Delete'

/** The sentence for what Kafka's access rules forbid, whose errors end so; undefined when it is something else. */
export function deniedOf(
  error: unknown,
  { sasl, prefix = '' }: Pick<KafkaOptions, 'sasl' | 'prefix'>,
): string | undefined {
  const types = failureChain(error).map((each) => String((each as Error & { type?: unknown }).type))
  const type = types.find((each) => each.endsWith('_AUTHORIZATION_FAILED'))
  if (type === undefined) return undefined
  const user = sasl === undefined ? 'who does not log in' : `the user "${sasl.username}"`
  return `Kafka's access rules do not let ${user} do what a region needs (${type}); allow ${topicRights} on topics named ${prefix}tern.*`
}

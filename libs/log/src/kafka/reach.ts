// A timer of the clock would not keep a process alive that only waits for its log.
import { setTimeout as pause } from 'node:timers/promises'
import { addressOf } from '@tern/runtime'
import { LogError } from '../log.ts'
import { misfitOf } from './misfit.ts'
import { type KafkaOptions, kafkaLimits } from './options.ts'
import { failureChain } from './wire/failure-chain.ts'
import { metadataApi, metadataRequest } from './wire/metadata.ts'
import { NodeConnection } from './wire/node-connection.ts'

/**
 * Resolves once a node has let these settings in, with its address before the others: kafkajs asks them in their order, and waits ten
 * seconds for one that stands still. Rejects with a sentence when none ever will let them in, or none answered in time.
 */
export async function reach(options: KafkaOptions): Promise<readonly string[]> {
  const { bootstrap, clock } = options
  const connections = bootstrap.map((address) => new NodeConnection(addressOf(address), options))
  const giveUpAt = clock.now() + kafkaLimits.reachMs
  try {
    for (;;) {
      const { answered, errors = [] } = await firstAnswer(connections)
      if (answered !== undefined) return [...bootstrap.slice(answered), ...bootstrap.slice(0, answered)]
      throwMisfit(errors, options)
      if (clock.now() >= giveUpAt) throw unreached(errors, bootstrap)
      await pause(kafkaLimits.reachEveryMs)
    }
  } finally {
    for (const connection of connections) connection.close()
  }
}

type FirstAnswer = Readonly<{ answered?: number; errors?: readonly unknown[] }>

/** Which of them answered first; else what became of each. */
const firstAnswer = (connections: readonly NodeConnection[]): Promise<FirstAnswer> =>
  Promise.any(connections.map((each, i) => each.ask(metadataApi, () => metadataRequest([])).then(() => i))).then(
    (answered) => ({ answered }),
    ({ errors }: AggregateError) => ({ errors }),
  )

function throwMisfit(errors: readonly unknown[], options: KafkaOptions): void {
  for (const [i, error] of errors.entries()) {
    const misfit = misfitOf(error, options)
    if (misfit !== undefined) throw new LogError('refused', `Kafka at ${options.bootstrap[i]}: ${misfit}`)
  }
}

function unreached(errors: readonly unknown[], bootstrap: readonly string[]): LogError {
  const sentence = `no Kafka answers at ${bootstrap.join(', ')} (${failureChain(errors[0]).at(-1)?.message})`
  return new LogError('unknown', `${sentence}; start it, or give the right addresses by --kafka-bootstrap`)
}

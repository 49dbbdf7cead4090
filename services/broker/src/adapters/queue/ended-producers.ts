import { appendMarker } from './markers.ts'
import type { QueueRunner } from './queue-runner.ts'

/**
 * Appends `ended{incarnation}` for producers of the queues whose death is recorded: what they still send is void (rule 1).
 * Repeating it is harmless.
 */
export function endProducers(runners: readonly QueueRunner[], isDead: (producer: number) => boolean): void {
  for (const runner of runners) {
    for (const [producer, { ended }] of runner.state.producers) {
      if (typeof producer !== 'number' || producer === 0 || ended || !isDead(producer)) continue
      appendMarker(runner, { endedProducer: producer }, () => {})
    }
  }
}

import { createServer } from 'node:net'
import { type Clock, silentLogger } from '@tern/runtime'
import { expect, test } from 'vitest'
import { ClusterView } from './cluster-view.ts'
import { kafkaLimits } from './options.ts'

/** Waiting takes no time, and patience ends soon. */
function hastyClock(): Clock {
  let now = 0
  return {
    now: () => now,
    after(delay, task) {
      now += Math.max(delay, kafkaLimits.patienceMs)
      setImmediate(task)
      return { cancel() {} }
    },
    soon: (task) => void setImmediate(task),
  }
}

/** A port where nobody listens any more. */
function deadPort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number }
      server.close(() => resolve(port))
    })
  })
}

test('who waits for a leader in vain is told why nobody knows of one', async () => {
  const bootstrap = [`127.0.0.1:${await deadPort()}`]
  const view = new ClusterView({ bootstrap, clock: hastyClock(), logger: silentLogger })
  await expect(view.whenLed('tern.messages', 3)).rejects.toMatchObject({
    failure: 'unknown',
    message: expect.stringMatching(
      /^partition 3 of tern\.messages has no leader, as far as is known: Kafka does not answer \(.*ECONNREFUSED/,
    ),
  })
  view.close()
})

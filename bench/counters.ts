// `npx node bench/counters.ts`: what counting costs a message, in nanoseconds: the best of five rounds, without and with it.
import { ProxyCounters } from '@tern/proxy/testing'

const messages = 5_000_000
const rounds = 5

/** As a message's way does: once where it is published, once where it leaves to a client, once for its delay. */
function round(counters: ProxyCounters | undefined): number {
  const began = performance.now()
  let sum = 0
  for (let i = 0; i < messages; i++) {
    const qos = i % 3
    sum += qos
    counters?.publish(qos, 200)
    counters?.publishToOffer.record((i & 15) / 1000)
    counters?.deliver(qos, 240)
  }
  const nanoseconds = ((performance.now() - began) * 1e6) / messages
  // Looked at, so that nothing of the loop is left out.
  return sum < 0 ? Number.NaN : nanoseconds
}

const best = (counters: () => ProxyCounters | undefined) =>
  Math.min(...Array.from({ length: rounds }, () => round(counters())))
const without = best(() => undefined)
const counted = best(() => new ProxyCounters())
process.stdout.write(`without counting  ${without.toFixed(1)} ns a message\n`)
process.stdout.write(
  `with counting     ${counted.toFixed(1)} ns a message: ${(counted - without).toFixed(1)} ns for it\n`,
)

// What the ledger costs the data path of a proxy: `npx node bench/ledger.ts [--messages 2000000] [--fan-out 1]`. Each message is published
// at QoS 1 and delivered at QoS 1 to as many clients; with entries, blocks, and their answers, all of what the proxy does for them.
import { parseArgs } from 'node:util'
import { BlockBuffer, Ledger, microsecondsOf } from '@tern/proxy/testing'
import { entryKind } from '@tern/record'

const { values } = parseArgs({
  options: { messages: { type: 'string', default: '2000000' }, 'fan-out': { type: 'string', default: '1' } },
})
const messages = Number(values.messages)
const fanOut = Number(values['fan-out'])
const clients = Array.from({ length: 1_000 }, (_, i) => `sensor-${i}`)
const topics = clients.map((client) => `plants/north/${client}/temperature`)
const filters = ['plants/north/+/temperature', 'plants/#']

/** Microseconds of CPU per message, the best of three rounds. */
function measure(ledger: Ledger, buffer: BlockBuffer): number {
  const rounds = Array.from({ length: 3 }, () => {
    const before = process.cpuUsage()
    for (let i = 0; i < messages; i++) one(ledger, i)
    buffer.take(ledger.ring)
    drain(buffer)
    const { user, system } = process.cpuUsage(before)
    return (user + system) / messages
  })
  return Math.min(...rounds)
}

function one(ledger: Ledger, i: number): void {
  const client = clients[i % clients.length]!
  const topic = topics[i % topics.length]!
  const received = ledger.now()
  const durable = ledger.now()
  ledger.put(entryKind.published, i % 12, i, 1, received, durable, durable, client, topic)
  const written = ledger.now()
  for (let d = 0; d < fanOut; d++) {
    const acked = ledger.now()
    const subscriber = clients[(i + d) % clients.length]!
    ledger.put(entryKind.acked, i % 12, i, 1, written, acked, acked, subscriber, filters[i % 2]!)
  }
}

let shipped = 0
/** As a trace service that answers at once. */
function drain(buffer: BlockBuffer): void {
  buffer.close()
  for (let block = buffer.next(); block !== undefined; block = buffer.next()) {
    shipped += block.bytes.length
    buffer.answered(block.sequence)
  }
}

const buffer = new BlockBuffer(1, 'az-a')
let fills = 0
const traced = new Ledger({
  microseconds: microsecondsOf(Date.now, () => performance.now()),
  drawContext: () => ({ traceId: '1'.repeat(32), spanId: '0'.repeat(16) }),
  wake() {},
  full(ring) {
    buffer.take(ring)
    // About as often as 200 ms come by at 50,000 messages a second.
    if (++fills % 20 === 0) drain(buffer)
  },
})
const without = measure(new Ledger(), new BlockBuffer(1, 'az-a'))
const withLedger = measure(traced, buffer)
const cost = withLedger - without
process.stdout.write(
  `the ledger costs ${cost.toFixed(2)} µs of CPU a message at a fan-out of ${fanOut} (limit 2), ${(shipped / 3 / messages).toFixed(0)} bytes of blocks\n`,
)
if (fanOut === 1 && cost >= 2) process.exitCode = 1

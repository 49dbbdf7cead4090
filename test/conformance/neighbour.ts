// A client on topics of its own, in a process of its own, that publishes one message after the other: how long does it wait for each PUBACK?
import { frames, open } from '../../bench/load/wire.ts'
import { frame, text } from '../support/mqtt-bytes.ts'

export type NeighbourPlan = Readonly<{ addresses: readonly string[]; topics: readonly string[]; pauseMs: number }>
export type NeighbourResult = Readonly<{ waitsMs: readonly number[] }>

const { addresses, topics, pauseMs } = JSON.parse(process.argv[2] ?? '{}') as NeighbourPlan
const waitsMs: number[] = []

/** At each address one, with all topics in turn, so that it meets every queue. */
async function publishOn(index: number): Promise<void> {
  const socket = await open(addresses, index, `neighbour-${index}`)
  let acknowledged = () => {}
  frames(socket, (type) => {
    if (type >> 4 === 4) acknowledged()
  })
  for (let turn = 0; ; turn++) {
    const began = performance.now()
    const topic = topics[turn % topics.length] as string
    socket.write(frame(0x32, text(topic), Buffer.from([0, 1]), Buffer.alloc(64)))
    await new Promise<void>((resolve) => {
      acknowledged = resolve
    })
    waitsMs.push(performance.now() - began)
    if (waitsMs.length === 1) process.send?.('begun')
    await new Promise((resolve) => setTimeout(resolve, pauseMs))
  }
}

process.once('message', () => process.send?.({ waitsMs } satisfies NeighbourResult, () => process.exit(0)))
await Promise.all(addresses.map((_, index) => publishOn(index)))

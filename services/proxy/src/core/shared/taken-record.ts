import type { Region, Taker } from '../../ports.ts'
import type { Lease } from './lease.ts'

/** A record of a group that is one session's for good, at QoS 2: it outlives the connection, and its end is durable at its owner. */
export class TakenRecord implements Lease {
  readonly queue: number
  readonly group: string
  readonly earlier = 0
  readonly position: number
  private readonly region: Region
  private readonly taker: Taker
  private phase: 'asked' | 'taken' | 'told' | 'over'
  private waiting: (() => void)[] = []

  constructor(
    region: Region,
    taker: Taker,
    { queue, group, position }: Readonly<{ queue: number; group: string; position: number }>,
    phase: 'asked' | 'taken',
  ) {
    this.region = region
    this.taker = taker
    this.queue = queue
    this.group = group
    this.position = position
    this.phase = phase
  }

  taken(): void {
    this.phase = 'taken'
  }

  /** To be called when PUBREC is durable, or nothing is left to send. */
  settle(): void {
    if (this.phase !== 'taken') return
    this.phase = 'told'
    const { region, taker, queue, group, position } = this
    void region.endTaken(queue, group, position, taker).then(() => {
      this.phase = 'over'
      for (const then of this.waiting.splice(0)) then()
    })
  }

  /** Another connection of a session that lasts goes on with it; with any other session it ends [MQTT5-4.8.2-5]. */
  ended(): void {
    if (this.taker.clean) this.settle()
  }

  whenOver(then: () => void): void {
    if (this.phase === 'over') then()
    else this.waiting.push(then)
  }
}

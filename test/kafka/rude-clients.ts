import { connect } from 'node:net'
import { setTimeout as after } from 'node:timers/promises'
import { RawClient } from '../conformance/raw-client.ts'
import { seeded } from '../failure/random.ts'

const garbageEveryMs = 20
const garbageBytesMax = 32 * 1024
const bigBytes = 48 * 1024
const bigEveryMs = 10

/** Clients that no server deserves, until they are stopped. */
export class RudeClients {
  private readonly addresses: readonly string[]
  private readonly topic: string
  private readonly done: Promise<unknown>
  private readonly random = seeded(1)
  private stopping = false
  /** Connections to which bytes were written that are no MQTT. */
  garbled = 0
  /** How often one of the twins took the other one's session. */
  takeovers = 0
  /** Acknowledged, for the one that does not read. */
  unread = 0

  constructor(addresses: readonly string[], topic: string) {
    this.addresses = addresses
    this.topic = topic
    this.done = Promise.all([
      ...addresses.map((address) => this.garble(address)),
      this.neverRead(),
      this.twin(0),
      this.twin(1),
    ])
  }

  async stop(): Promise<void> {
    this.stopping = true
    await this.done
  }

  private address(turn: number): string {
    return this.addresses[turn % this.addresses.length] ?? ''
  }

  /** Random bytes, half of them behind a good CONNECT. */
  private async garble(address: string): Promise<void> {
    const [host = '', port] = address.split(':')
    while (!this.stopping) {
      const { random } = this
      const bytes = Buffer.from(Array.from({ length: random.below(garbageBytesMax) }, () => random.below(256)))
      const socket = connect({ host, port: Number(port) })
      socket.on('error', () => {})
      socket.on('close', () => this.garbled++)
      if (random.below(2) === 0) socket.write(Buffer.from('100d00044d5154540402003c000161', 'hex'))
      socket.end(bytes)
      await after(garbageEveryMs)
    }
  }

  /** Subscribes at QoS 0 and at QoS 1 to what somebody publishes much of, and reads nothing of it. */
  private async neverRead(): Promise<void> {
    const deaf = await RawClient.open(this.address(1), 'deaf', { keepalive: 0 })
    await deaf.subscribe(`${this.topic}/0`, 0)
    await deaf.subscribe(`${this.topic}/1`, 1)
    deaf.stopReading()
    const loud = await RawClient.open(this.address(0), 'loud')
    loud.listen(({ cmd }) => void (cmd === 'puback' && this.unread++))
    for (let i = 1; !this.stopping; i = (i % 60_000) + 1) {
      const topic = `${this.topic}/${i % 2}`
      loud.send({
        cmd: 'publish',
        topic,
        qos: 1,
        messageId: i,
        dup: false,
        retain: false,
        payload: Buffer.alloc(bigBytes),
      })
      await after(bigEveryMs)
    }
    deaf.destroy()
    loud.destroy()
  }

  /** Comes back at once, elsewhere, whenever the other one has its session. */
  private async twin(turn: number): Promise<void> {
    for (let attempt = 0; !this.stopping; attempt++) {
      const client = await RawClient.open(this.address(turn + attempt), 'twin', { clean: false }).catch(() => undefined)
      await Promise.race([client?.closed(), after(1_000)])
      this.takeovers++
      client?.destroy()
    }
  }
}

import type { log } from '@tern/proto'
import { dialStream } from '@tern/rpc'
import type { Clock, Duplex } from '@tern/runtime'
import { type Appended, LogError, type TopicName } from '../log.ts'
import { logService } from './method-definitions.ts'

type Pending = Readonly<{
  batch: log.Batch
  resolve: (appended: Appended) => void
  reject: (error: Error) => void
}>

type Stream = Duplex<log.AppendRequest, log.AppendResponse>

/** Appends of one turn of the event loop share a frame. When the stream ends, nobody knows what became of those outstanding. */
export class AppendStream {
  private readonly address: string
  private readonly clock: Clock
  private stream: Stream | undefined
  private gathered: Pending[] = []
  private readonly outstanding = new Map<number, Pending[]>()
  private nextId = 1
  private closed = false

  constructor(address: string, clock: Clock) {
    this.address = address
    this.clock = clock
  }

  append(topic: TopicName, partition: number, records: Buffer): Promise<Appended> {
    if (this.closed) return Promise.reject(new LogError('refused', 'the connection to the log is closed'))
    return new Promise((resolve, reject) => {
      this.gathered.push({ batch: { topic, partition, records }, resolve, reject })
      if (this.gathered.length === 1) this.clock.soon(() => this.flush())
    })
  }

  close(): void {
    this.closed = true
    this.stream?.end()
  }

  private flush(): void {
    const frame = this.gathered
    this.gathered = []
    const id = this.nextId++
    this.outstanding.set(id, frame)
    this.stream ??= this.dial()
    this.stream.send({ id, batches: frame.map(({ batch }) => batch) })
  }

  private dial(): Stream {
    const stream = dialStream<log.AppendRequest, log.AppendResponse>(this.address, logService.append)
    stream.listen({
      frame: (response) => this.settle(response),
      end: (reason, refused) => {
        if (this.stream === stream) this.stream = undefined
        this.fail(new LogError(refused ? 'refused' : 'unknown', `the log did not answer: ${reason}`))
      },
    })
    return stream
  }

  private settle({ id, outcomes }: log.AppendResponse): void {
    const frame = this.outstanding.get(id) ?? []
    this.outstanding.delete(id)
    for (const [i, { resolve, reject }] of frame.entries()) {
      const outcome = outcomes[i]
      if (outcome === undefined) reject(new LogError('unknown', 'the log gave no answer'))
      else if (outcome.refused !== '') reject(new LogError('refused', outcome.refused))
      else resolve({ baseOffset: outcome.baseOffset, appendTimeMs: outcome.appendTimeMs })
    }
  }

  private fail(error: LogError): void {
    const frames = [...this.outstanding.values()]
    this.outstanding.clear()
    for (const frame of frames) for (const { reject } of frame) reject(error)
  }
}

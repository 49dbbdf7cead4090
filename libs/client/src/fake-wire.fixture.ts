import type { messaging } from '@tern/proto'
import type { Ending, Wire, WireListener, WireStream } from './wire.ts'

/** One stream as its server sees it. */
export class FakeStream<Out, In> implements WireStream<Out> {
  readonly sent: Out[] = []
  readonly listener: WireListener<In>
  /** What `send` answers. */
  takes = true
  over = false

  constructor(listener: WireListener<In>) {
    this.listener = listener
  }

  send(frame: Out): boolean {
    this.sent.push(frame)
    return this.takes
  }

  end(): void {
    this.over = true
  }

  cancel(): void {
    this.over = true
  }

  says(frame: In): void {
    this.listener.frame(frame)
  }

  ends(ending?: Ending): void {
    this.over = true
    this.listener.ended(ending)
  }
}

type Publishing = FakeStream<messaging.PublishStreamRequest, messaging.PublishStreamResponse>
type Subscribing = FakeStream<messaging.SubscribeRequest, messaging.SubscribeResponse>

/** Remembers every stream that was opened, the newest one last. */
export function fakeWire(): Wire & { publishing: Publishing[]; subscribing: Subscribing[] } {
  const publishing: Publishing[] = []
  const subscribing: Subscribing[] = []
  return {
    publishing,
    subscribing,
    publish(listener) {
      const stream: Publishing = new FakeStream(listener)
      publishing.push(stream)
      return stream
    },
    subscribe(listener) {
      const stream: Subscribing = new FakeStream(listener)
      subscribing.push(stream)
      return stream
    },
  }
}

export const unavailable: Ending = { code: 'UNAVAILABLE', reason: 'PROXY_STOPPING', message: 'the proxy stops' }

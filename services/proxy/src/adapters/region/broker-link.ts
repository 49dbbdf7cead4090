import { link } from '@tern/proto'
import { dialStream, withViews } from '@tern/rpc'
import type { Clock, Duplex } from '@tern/runtime'

export type BrokerStream = Duplex<link.LinkRequest, link.LinkResponse>
export type DialBroker = (address: string) => BrokerStream

const linkService = withViews(link.LinkServiceService, { link: [link.LinkRequest, link.LinkResponse] })

export const overGrpc: DialBroker = (address) => dialStream(address, linkService.link)

export type BrokerLinkListener = Readonly<{ response(response: link.LinkResponse): void; over(reason: string): void }>

/** Whoever adds to a frame just before it leaves. */
export type Contributor = Readonly<{ contribute(by: BrokerLink, request: link.LinkRequest): void }>

/** One stream to a broker. All that one turn of the event loop has for it goes in one frame. */
export class BrokerLink {
  readonly address: string
  private readonly stream: BrokerStream
  private readonly clock: Clock
  private frame: link.LinkRequest | undefined
  private proxy: number
  private readonly contributors = new Set<Contributor>()
  alive = true

  constructor(address: string, proxy: number, stream: BrokerStream, clock: Clock, listener: BrokerLinkListener) {
    this.address = address
    this.proxy = proxy
    this.stream = stream
    this.clock = clock
    stream.listen({
      frame: (response) => listener.response(response),
      end: (reason) => {
        this.alive = false
        listener.over(reason)
      },
    })
  }

  /** The frame under construction: parts are pushed into its lists. */
  next(): link.LinkRequest {
    if (this.frame === undefined) {
      // The first frame of a stream says who speaks.
      this.frame = link.LinkRequest.create({ proxy: this.proxy })
      this.proxy = 0
      this.clock.soon(() => this.flush())
    }
    return this.frame
  }

  /** Asks the contributor for its part when the frame of this turn leaves. */
  wake(contributor: Contributor): void {
    this.contributors.add(contributor)
    this.next()
  }

  end(): void {
    this.stream.end()
  }

  private flush(): void {
    const { frame } = this
    if (frame === undefined) return
    for (const contributor of this.contributors) contributor.contribute(this, frame)
    this.contributors.clear()
    this.frame = undefined
    this.stream.send(frame)
  }
}

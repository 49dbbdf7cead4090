/** A call of the API that both sides send on, real or simulated. */
export type Call<Request> = Readonly<{ send(request: Request): void; cancel(): void }>

export type CallListener<Response> = Readonly<{
  response(response: Response): void
  /** False once the client has left it half open, and does not answer on it any more. */
  isPresent(): boolean
  /** Called once, also when nobody could be reached; `again` runs something later. */
  closed(again: (delayMs: number, run: () => void) => void): void
}>

/** Events come in later turns than the call. */
export type DialCall<Request, Response> = (address: string, listener: CallListener<Response>) => Call<Request>

type Hearing<Response> = Readonly<{
  /** A call has been begun: what is sent now is its first request. */
  begun(): void
  response(response: Response): void
  /** The call is not the present one any more. */
  lost(): void
}>

const redialDelayMs = 50

/** Keeps one call open, at one proxy after the other. */
export class Caller<Request, Response> {
  private readonly addresses: readonly string[]
  private readonly dial: DialCall<Request, Response>
  private readonly hearing: Hearing<Response>
  private call: Call<Request> | undefined
  private attempt = 0
  private isWanted = false
  private redials = false

  constructor(addresses: readonly string[], dial: DialCall<Request, Response>, hearing: Hearing<Response>) {
    this.addresses = addresses
    this.dial = dial
    this.hearing = hearing
  }

  start(): void {
    this.isWanted = true
    if (!this.redials && this.call === undefined) this.begin()
  }

  stop(): void {
    this.isWanted = false
    const { call } = this
    this.forget()
    call?.cancel()
  }

  /** Leaves the call half open, as who has lost its network does. */
  abandon(): void {
    this.isWanted = false
    this.forget()
  }

  /** Goes on by another proxy; the present call stays half open. */
  hop(): void {
    if (this.call === undefined) return
    this.abandon()
    this.start()
  }

  send(request: Request): void {
    this.call?.send(request)
  }

  private begin(): void {
    const address = this.addresses[this.attempt++ % this.addresses.length] ?? ''
    const call = this.dial(address, {
      response: (response) => {
        if (this.call === call) this.hearing.response(response)
      },
      isPresent: () => this.call === call,
      closed: (again) => {
        if (this.call !== call) return
        this.forget()
        this.redials = true
        again(redialDelayMs, () => {
          this.redials = false
          if (this.isWanted) this.begin()
        })
      },
    })
    this.call = call
    this.hearing.begun()
  }

  private forget(): void {
    if (this.call === undefined) return
    this.call = undefined
    this.hearing.lost()
  }
}

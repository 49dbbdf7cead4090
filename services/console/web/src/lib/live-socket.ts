import { type ApiError, apiError, loggedOut } from './api.ts'

export type LiveState = 'connecting' | 'live' | 'reconnecting'

type Subscription = {
  rpc: string
  /** Asked anew each time, so that a stream goes on where it broke off. */
  request: () => object
  credit: number | undefined
  event(data: unknown): void
  error(error: ApiError): void
}

const retryMs = [250, 500, 1_000, 2_000, 5_000]
/** Codes after which another attempt would be answered the same. */
const final = new Set(['permission_denied', 'invalid_argument', 'not_found', 'unimplemented', 'failed_precondition'])

/** The one WebSocket of this tab: any number of streams, begun again by themselves after a break. */
class LiveSocket {
  state: LiveState = 'connecting'
  #socket: WebSocket | undefined
  #next = 1
  #attempt = 0
  readonly #subscriptions = new Map<number, Subscription>()
  readonly #listeners = new Set<(state: LiveState) => void>()

  onState(listener: (state: LiveState) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** Returns what ends it, and what gives it credit. */
  subscribe(subscription: Subscription): { end(): void; credit(events: number): void } {
    let sub = this.#begin(subscription)
    const restarted = (id: number) => {
      sub = id
    }
    this.#restarted.set(subscription, restarted)
    return {
      end: () => {
        this.#restarted.delete(subscription)
        this.#subscriptions.delete(sub)
        this.#send({ sub, end: true })
        if (this.#subscriptions.size === 0) this.#close()
      },
      credit: (events) => this.#send({ sub, credit: events }),
    }
  }

  readonly #restarted = new Map<Subscription, (sub: number) => void>()

  #begin(subscription: Subscription): number {
    const sub = this.#next++
    this.#subscriptions.set(sub, subscription)
    if (this.#socket?.readyState === WebSocket.OPEN) this.#sendBegin(sub, subscription)
    else this.#connect()
    return sub
  }

  #sendBegin(sub: number, { rpc, request, credit }: Subscription): void {
    this.#send({ sub, rpc: `tern.v1.${rpc}`, req: request(), ...(credit === undefined ? {} : { credit }) })
  }

  #send(frame: object): void {
    if (this.#socket?.readyState === WebSocket.OPEN) this.#socket.send(JSON.stringify(frame))
  }

  #connect(): void {
    if (this.#socket !== undefined) return
    const socket = new WebSocket(`${location.origin.replace(/^http/, 'ws')}/console/live`)
    this.#socket = socket
    socket.onopen = () => {
      this.#attempt = 0
      this.#enter('live')
      for (const [sub, subscription] of this.#subscriptions) this.#sendBegin(sub, subscription)
    }
    socket.onmessage = ({ data }) => this.#heard(JSON.parse(String(data)))
    socket.onclose = ({ code }) => {
      if (this.#socket !== socket) return
      this.#socket = undefined
      if (code === 4401) return loggedOut()
      if (this.#subscriptions.size === 0) return
      this.#enter('reconnecting')
      const wait = retryMs[Math.min(this.#attempt++, retryMs.length - 1)]
      setTimeout(() => this.#subscriptions.size > 0 && this.#connect(), wait)
    }
  }

  #close(): void {
    const socket = this.#socket
    this.#socket = undefined
    socket?.close()
  }

  // biome-ignore lint/suspicious/noExplicitAny: a frame of the console, read by its shape.
  #heard(frame: any): void {
    if (frame.ping !== undefined) this.#send({ pong: frame.ping })
    const subscription = this.#subscriptions.get(frame.event ?? frame.error ?? frame.end)
    if (subscription === undefined) return
    if (frame.event === undefined) this.#ended(frame, subscription)
    else subscription.event(frame.data)
  }

  // biome-ignore lint/suspicious/noExplicitAny: a frame of the console, read by its shape.
  #ended(frame: any, subscription: Subscription): void {
    this.#subscriptions.delete(frame.error ?? frame.end)
    const error = apiError(frame)
    if (frame.error !== undefined) subscription.error(error)
    if (!final.has(error.code)) this.#again(subscription)
  }

  #again(subscription: Subscription): void {
    setTimeout(() => {
      const restarted = this.#restarted.get(subscription)
      if (restarted !== undefined) restarted(this.#begin(subscription))
    }, retryMs[0])
  }

  #enter(state: LiveState): void {
    this.state = state
    for (const listener of this.#listeners) listener(state)
  }
}

export const liveSocket = new LiveSocket()

import { control, nameserver } from '@tern/proto'
import { dialStream } from '@tern/rpc'
import type { Clock, Duplex, Millis, Timer } from '@tern/runtime'

const heartbeatInterval: Millis = 250
const retryDelay: Millis = 150

type RegisterStream = Duplex<nameserver.RegisterRequest, nameserver.RegisterResponse>

const kinds = {
  broker: control.MemberKind.BROKER,
  proxy: control.MemberKind.PROXY,
  trace: control.MemberKind.TRACE,
  console: control.MemberKind.CONSOLE,
}

export type MembershipOptions = Readonly<{
  kind: keyof typeof kinds
  zone: string
  /** host:port of the member's own gRPC service; empty when it has none. */
  address: string
  /** For people and for other services. */
  detail?: control.MemberDetail | undefined
  /** Every nameserver. */
  addresses: readonly string[]
  /** Drawn at random for this run; a new incarnation needs a new one. */
  nonce: string
  clock: Clock
  /** For how long its log has left it without an answer; told with each heartbeat. */
  logSilentMs?: () => Millis
  /** Connections of a proxy; told with each heartbeat. */
  clients?: () => number
  dial?: (address: string) => RegisterStream
}>

export type Membership = Readonly<{
  /** Resolves with the incarnation once a nameserver has it on the log. */
  joined: Promise<number>
  /** Queues it serves now: told with each heartbeat. */
  setServing(queues: readonly number[]): void
  /** Whoever is declared dead stops, and comes back with a new nonce. Told once. */
  onDeclaredDead(listener: (reason: string) => void): void
  stop(): void
}>

const dialNameserver = (address: string): RegisterStream =>
  dialStream(address, nameserver.NameserverServiceService.register)

/** Holds a Register stream to every nameserver and beats on each. */
export function createMembership(options: MembershipOptions): Membership {
  const { addresses, clock, dial = dialNameserver, logSilentMs = () => 0, clients = () => 0 } = options
  const hello: nameserver.RegisterRequest = { message: { $case: 'hello', value: helloOf(options) } }
  const streams = new Map<string, RegisterStream>()
  const deathListeners: ((reason: string) => void)[] = []
  const { promise: joined, resolve: join } = Promise.withResolvers<number>()
  const timers = new Set<Timer>()
  let serving: readonly number[] = []
  let over = false

  const after = (delay: Millis, task: () => void) => {
    const timer = clock.after(delay, () => {
      timers.delete(timer)
      task()
    })
    timers.add(timer)
  }

  const beat = () => {
    if (over) return
    const value = { serving: [...serving], logSilentMs: Math.round(logSilentMs()), clients: clients() }
    const heartbeat: nameserver.RegisterRequest = { message: { $case: 'heartbeat', value } }
    for (const stream of streams.values()) stream.send(heartbeat)
    after(heartbeatInterval, beat)
  }

  const die = (reason: string) => {
    if (over) return
    stop()
    for (const listener of deathListeners) listener(reason)
  }

  const connect = (address: string) => {
    if (over) return
    const stream = dial(address)
    streams.set(address, stream)
    stream.listen({
      frame({ message }) {
        if (message?.$case === 'registered') join(message.value.incarnation)
        else if (message?.$case === 'declaredDead') die(message.value.reason)
      },
      end() {
        if (streams.get(address) === stream) streams.delete(address)
        after(retryDelay, () => connect(address))
      },
    })
    stream.send(hello)
  }

  const stop = () => {
    over = true
    for (const timer of timers) timer.cancel()
    for (const stream of [...streams.values()]) stream.end()
  }

  for (const address of addresses) connect(address)
  after(heartbeatInterval, beat)
  return {
    joined,
    setServing(queues) {
      serving = queues
    },
    onDeclaredDead: (listener) => void deathListeners.push(listener),
    stop,
  }
}

const helloOf = ({ kind, nonce, zone, address, detail }: MembershipOptions): nameserver.Hello => ({
  kind: kinds[kind],
  nonce,
  zone,
  address,
  detail,
})

import { connect } from 'node:net'
import type { nameserver } from '@tern/proto'
import { addressOf, type Clock, type Duplex } from '@tern/runtime'
import type { ControlState } from '../core/control-state.ts'
import type { SeenMember } from '../core/liveness.ts'

/** For so long a log may be asked without that meaning anything. */
const logMomentMs = 1_500
/** How often an address is looked at after its stream broke. */
const probeInterval = 50

export type RegisterStream = Duplex<nameserver.RegisterResponse, nameserver.RegisterRequest>

export type MemberStreams = Readonly<{
  accept(stream: RegisterStream): void
  /** By nonce. */
  seen(): ReadonlyMap<string, SeenMember>
  /** Tells members what the log says of them. */
  changed(state: ControlState): void
  stop(): void
}>

type Entry = {
  hello: nameserver.Hello
  heardAt: number
  refused: boolean
  logSilentMs: number
  logMissedAt: number
  clients: number
  serving: ReadonlySet<number>
  servingSince: number
  stream: RegisterStream | undefined
  told: number | undefined
}

/** True when nobody listens at host:port. A host that does not answer is not a refusal. */
export type IsRefused = (address: string) => Promise<boolean>

const entryOf = (hello: nameserver.Hello, stream: RegisterStream, now: number): Entry => ({
  ...{ hello, stream, heardAt: now, refused: false, logSilentMs: 0, logMissedAt: 0 },
  ...{ clients: 0, serving: new Set(), servingSince: now, told: undefined },
})

function note(entry: Entry, { clients, serving }: nameserver.Heartbeat): void {
  entry.clients = clients
  if (serving.length === entry.serving.size && serving.every((queue) => entry.serving.has(queue))) return
  entry.serving = new Set(serving)
  entry.servingSince = entry.heardAt
}

/** Register streams of members: hears their heartbeats, and looks whether an address still listens when a stream breaks. */
export function createMemberStreams(options: {
  clock: Clock
  changed(): void
  probe?: IsRefused | undefined
}): MemberStreams {
  const { clock, probe = isRefused } = options
  const members = new Map<string, Entry>()
  let state: ControlState | undefined
  let stopped = false

  const tell = (entry: Entry) => {
    const incarnation = state?.incarnations.get(entry.hello.nonce)
    if (incarnation === undefined) return
    if (state?.dead.has(incarnation)) {
      entry.stream?.send({ message: { $case: 'declaredDead', value: { incarnation, reason: 'recorded dead' } } })
    } else if (entry.told !== incarnation) {
      entry.told = incarnation
      entry.stream?.send({ message: { $case: 'registered', value: { incarnation } } })
    }
  }

  const isBuried = (entry: Entry) => {
    const incarnation = state?.incarnations.get(entry.hello.nonce)
    return incarnation !== undefined && state?.dead.has(incarnation) === true
  }

  const broke = (entry: Entry, stream: RegisterStream) => {
    if (entry.stream !== stream) return
    entry.stream = undefined
    entry.told = undefined
    if (members.get(entry.hello.nonce) !== entry) return
    if (isBuried(entry)) members.delete(entry.hello.nonce)
    else if (entry.hello.address !== '') void look(entry)
  }

  /** Again and again until it refuses, is back or is buried: a process that dies closes its sockets one by one. */
  const look = async (entry: Entry): Promise<void> => {
    const refused = await probe(entry.hello.address)
    if (stopped || entry.stream !== undefined || members.get(entry.hello.nonce) !== entry) return
    if (!refused) {
      clock.after(probeInterval, () => void look(entry))
      return
    }
    entry.refused = true
    // Who is gone before the log knows it leaves no trace.
    if (state?.incarnations.has(entry.hello.nonce) === false) members.delete(entry.hello.nonce)
    options.changed()
  }

  const greet = (hello: nameserver.Hello, stream: RegisterStream): Entry => {
    // An address belongs to one run at a time: whoever had it before is gone.
    for (const other of members.values()) {
      if (hello.address !== '' && other.hello.address === hello.address && other.hello.nonce !== hello.nonce)
        other.refused = true
    }
    const entry = entryOf(hello, stream, clock.now())
    members.set(hello.nonce, entry)
    tell(entry)
    options.changed()
    return entry
  }

  return {
    accept(stream) {
      let entry: Entry | undefined
      stream.listen({
        frame({ message }) {
          if (message?.$case === 'hello') entry = greet(message.value, stream)
          else if (entry !== undefined) {
            entry.heardAt = clock.now()
            entry.logSilentMs = message?.$case === 'heartbeat' ? message.value.logSilentMs : 0
            if (entry.logSilentMs > logMomentMs) entry.logMissedAt = entry.heardAt
            if (message?.$case === 'heartbeat') note(entry, message.value)
          }
        },
        end() {
          if (entry !== undefined) broke(entry, stream)
        },
      })
    },
    seen: () =>
      new Map([...members].map(([nonce, entry]) => [nonce, { ...entry, connected: entry.stream !== undefined }])),
    changed(next) {
      state = next
      for (const [nonce, entry] of members) {
        tell(entry)
        if (isBuried(entry) && entry.stream === undefined) members.delete(nonce)
      }
    },
    stop() {
      stopped = true
      for (const { stream } of members.values()) stream?.end()
    },
  }
}

export function isRefused(address: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ ...addressOf(address), timeout: 500 })
    const answer = (refused: boolean) => {
      socket.destroy()
      resolve(refused)
    }
    socket.once('connect', () => answer(false))
    socket.once('timeout', () => answer(false))
    socket.once('error', (error: NodeJS.ErrnoException) => answer(error.code === 'ECONNREFUSED'))
  })
}

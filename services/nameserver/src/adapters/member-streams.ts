import { connect } from 'node:net'
import type { nameserver } from '@tern/proto'
import type { Clock, Duplex } from '@tern/runtime'
import type { ControlState } from '../core/control-state.ts'

export type RegisterStream = Duplex<nameserver.RegisterResponse, nameserver.RegisterRequest>

/** A run of a broker or proxy, known by its nonce, as this nameserver sees it. */
export type SeenMember = Readonly<{ hello: nameserver.Hello; heardAt: number; refused: boolean; connected: boolean }>

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
  stream: RegisterStream | undefined
  told: number | undefined
}

/** So often, and so far apart, an address is looked at after its stream broke. */
const probesMax = 20
const probeDelay = 50

/** Register streams of members: hears their heartbeats, and looks whether an address still listens when a stream breaks. */
export function createMemberStreams(options: {
  clock: Clock
  changed(): void
  probe?: typeof isRefused
}): MemberStreams {
  const { clock, probe = isRefused } = options
  const members = new Map<string, Entry>()
  let state: ControlState | undefined

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

  const broke = (entry: Entry, stream: RegisterStream) => {
    if (entry.stream !== stream) return
    entry.stream = undefined
    entry.told = undefined
    if (entry.hello.address !== '') look(entry, 0)
  }

  /** A process that dies closes its sockets one by one: its port may still listen when its stream is gone. */
  const look = (entry: Entry, times: number) => {
    probe(entry.hello.address).then((refused) => {
      if (entry.stream !== undefined) return
      if (refused) {
        entry.refused = true
        options.changed()
      } else if (times < probesMax) clock.after(probeDelay, () => look(entry, times + 1))
    })
  }

  const greet = (hello: nameserver.Hello, stream: RegisterStream): Entry => {
    // An address belongs to one run at a time: whoever had it before is gone.
    for (const other of members.values()) {
      if (hello.address !== '' && other.hello.address === hello.address && other.hello.nonce !== hello.nonce)
        other.refused = true
    }
    const entry = { hello, heardAt: clock.now(), refused: false, stream, told: undefined }
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
          else if (entry !== undefined) entry.heardAt = clock.now()
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
        const incarnation = next.incarnations.get(nonce)
        const buried = incarnation !== undefined && next.dead.has(incarnation)
        if (buried && entry.stream === undefined) members.delete(nonce)
      }
    },
    stop() {
      for (const { stream } of members.values()) stream?.end()
    },
  }
}

/** True when nobody listens at host:port. A host that does not answer is not a refusal. */
export function isRefused(address: string): Promise<boolean> {
  const at = address.lastIndexOf(':')
  return new Promise((resolve) => {
    const socket = connect({ host: address.slice(0, at), port: Number(address.slice(at + 1)), timeout: 500 })
    const answer = (refused: boolean) => {
      socket.destroy()
      resolve(refused)
    }
    socket.once('connect', () => answer(false))
    socket.once('timeout', () => answer(false))
    socket.once('error', (error: NodeJS.ErrnoException) => answer(error.code === 'ECONNREFUSED'))
  })
}

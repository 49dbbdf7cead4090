import { nameserver } from '@tern/proto'
import { connectClient, unaryCall } from '@tern/rpc'
import type { Clock, Timer } from '@tern/runtime'

const pingInterval = 200
const pingDeadline = 400

export type PeerView = Readonly<{
  address: string
  /** The run that answers at the address, "name/nonce"; undefined until one did. */
  run: string | undefined
  heardAt: number
  /** Since when nobody listens there. */
  refusedSince: number | undefined
  observations: readonly nameserver.Observation[]
  observedAt: number
  /** As it said last. */
  logSilentMs: number
}>

export type Peers = Readonly<{
  views(): readonly PeerView[]
  addressOf(run: string): string | undefined
  /** What a peer says of itself and of members, in a ping or in its answer. */
  heard(from: nameserver.PingRequest): void
  /** Pings all now: there is something to say that should not wait. */
  hurry(): void
  stop(): void
}>

/** Pings over a connection of its own to an address. A refusal is an error that says ECONNREFUSED. */
export type ConnectPeer = (address: string) => Readonly<{
  ping(request: nameserver.PingRequest): Promise<nameserver.PingResponse>
  close(): void
}>

const overGrpc: ConnectPeer = (address) => {
  const client = connectClient(address)
  const { ping } = nameserver.NameserverServiceService
  return { ping: (request) => unaryCall(client, ping, request, pingDeadline), close: () => client.close() }
}

type Peer = { -readonly [K in keyof PeerView]: PeerView[K] }

/** Pings every other nameserver, and keeps what each last said. */
export function createPeers(options: {
  addresses: readonly string[]
  clock: Clock
  say(): nameserver.PingRequest
  changed(): void
  connect?: ConnectPeer | undefined
}): Peers {
  const { clock, say, changed, connect = overGrpc } = options
  const peers = options.addresses.map(
    (address): Peer => ({
      address,
      run: undefined,
      heardAt: 0,
      refusedSince: undefined,
      observations: [],
      observedAt: 0,
      logSilentMs: 0,
    }),
  )
  const clients = peers.map(({ address }) => connect(address))
  const waiting = new Map<number, Timer>()
  const hurried = new Set<number>()
  let stopped = false

  const note = (peer: Peer, { nameserver: run, observations, logSilentMs }: nameserver.PingRequest) => {
    peer.run = run
    peer.heardAt = clock.now()
    peer.observedAt = peer.heardAt
    peer.observations = observations
    peer.logSilentMs = logSilentMs
    peer.refusedSince = undefined
  }

  const ping = async (index: number): Promise<void> => {
    const peer = peers[index]
    const client = clients[index]
    if (stopped || peer === undefined || client === undefined) return
    try {
      const answer = await client.ping(say())
      const newRun = answer.nameserver !== peer.run
      note(peer, answer)
      if (newRun) changed()
    } catch (error) {
      if (String(error).includes('ECONNREFUSED') && peer.refusedSince === undefined) {
        peer.refusedSince = clock.now()
        peer.observations = []
        changed()
      }
    }
    const next = clock.after(hurried.delete(index) ? 0 : pingInterval, () => again(index))
    waiting.set(index, next)
  }
  const again = (index: number) => {
    waiting.delete(index)
    void ping(index)
  }
  for (const index of peers.keys()) void ping(index)

  return {
    views: () => peers,
    addressOf: (run) => peers.find((peer) => peer.run === run)?.address,
    heard(from) {
      const peer = peers.find(({ run }) => run === from.nameserver)
      if (peer !== undefined) note(peer, from)
    },
    hurry() {
      for (const index of peers.keys()) {
        // One ping to each at a time: whoever is being asked is asked again right after.
        if (!waiting.has(index)) hurried.add(index)
        waiting.get(index)?.cancel()
        if (waiting.has(index)) again(index)
      }
    },
    stop() {
      stopped = true
      for (const client of clients) client.close()
    },
  }
}

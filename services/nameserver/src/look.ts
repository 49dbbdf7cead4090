import type { nameserver } from '@tern/proto'
import { type Clock, version } from '@tern/runtime'
import { processLoad } from '@tern/telemetry/node'
import type { ControlLog } from './adapters/control-log.ts'
import type { MemberStreams } from './adapters/member-streams.ts'
import type { Peers } from './adapters/peers.ts'
import type { NameserverConfig } from './config.ts'

const eventsLimit = 1_000

type Parts = Readonly<{
  config: NameserverConfig
  clock: Clock
  controlLog: ControlLog
  members: MemberStreams
  peers: Peers
  logSilentMs(): number
}>

/** What a nameserver tells of the region to those who show it. Nothing is decided by it. */
export function createLook({ config, clock, controlLog, members, peers, logSilentMs }: Parts) {
  const startedAtMs = clock.now()

  const sights = (): nameserver.MemberSight[] => {
    const { incarnations, members: living } = controlLog.state()
    const now = clock.now()
    return [...members.seen()].flatMap(([nonce, seen]) => {
      const incarnation = incarnations.get(nonce)
      if (incarnation === undefined || !living.has(incarnation)) return []
      const { heardAt, connected, refused, logSilentMs, clients, serving } = seen
      const silentMs = Math.max(0, Math.round(now - heardAt))
      return [{ incarnation, silentMs, connected, refused, logSilentMs, clients, serving: [...serving] }]
    })
  }

  return {
    look(): nameserver.LookResponse {
      const { leader, through } = controlLog.state()
      const now = clock.now()
      return {
        ...{ nameserver: `${config.name}/${config.nonce}`, zone: config.zone, address: config.listen },
        ...{ version, startedAtMs, revision: Math.max(0, through) },
        ...{ leader: leader?.nameserver ?? '', leaderZone: leader?.zone ?? '', term: leader?.term ?? 0 },
        members: sights(),
        dead: controlLog.events.dead(now),
        peers: peers.views().map(({ address, run, heardAt, refusedSince }) => ({
          ...{ address, nameserver: run ?? '', refused: refusedSince !== undefined },
          silentMs: run === undefined ? 0 : Math.max(0, Math.round(now - heardAt)),
        })),
        logSilentMs: Math.round(logSilentMs()),
        ...processLoad(),
      }
    },
    listEvents(request: nameserver.ListEventsRequest): nameserver.ListEventsResponse {
      const limit = Math.min(request.limit || eventsLimit, eventsLimit)
      const through = Math.max(0, controlLog.state().through)
      return { ...controlLog.events.page({ ...request, limit }), through }
    },
  }
}

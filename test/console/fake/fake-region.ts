/** A region that is not there: its zones, queues and events, moving as a real one's would. */
export const zoneNames = ['az-a', 'az-b', 'az-c'] as const
export const queueCount = 12

type Event = Readonly<Record<string, unknown>>

export class FakeRegion {
  readonly startedAt = Date.now()
  readonly down = new Set<string>()
  readonly draining = new Set<string>()
  readonly owners = Array.from({ length: queueCount }, (_, queue) => zoneNames[queue % 3] as string)
  readonly epochs = Array<number>(queueCount).fill(12)
  readonly events: Event[] = []
  revision = 40
  clients = 100_000
  idle = false
  #offset = 100

  constructor() {
    for (const zone of zoneNames)
      this.say('member-joined', zone, `broker-${zone.slice(-1)}`, `broker-${zone.slice(-1)} joined`)
    this.say('leader-changed', 'az-a', 'nameserver-a', 'nameserver-a leads, term 3')
  }

  say(kind: string, zone: string, member: string, text: string, more: Event = {}): void {
    this.events.push({ id: `ev-${this.#offset++}`, time: new Date().toISOString(), kind, zone, member, text, ...more })
    this.revision++
  }

  /** As the real one does it: gone at once, its queues with others a moment later. */
  kill(zone: string): void {
    this.down.add(zone)
    const letter = zone.slice(-1)
    this.say('member-died', zone, `broker-${letter}`, `broker-${letter} died: its address refuses connections`)
    this.say('member-died', zone, `proxy-${letter}`, `proxy-${letter} died: its address refuses connections`)
    const others = zoneNames.filter((each) => !this.down.has(each))
    const moves = this.owners.flatMap((owner, queue) => {
      const to = others[queue % Math.max(1, others.length)]
      if (owner !== zone || to === undefined) return []
      this.owners[queue] = to
      const epochBefore = this.epochs[queue] ?? 0
      this.epochs[queue] = epochBefore + 1
      return [
        {
          queue,
          from: `broker-${letter}`,
          to: `broker-${to.slice(-1)}`,
          epochBefore: `${epochBefore}`,
          epochAfter: `${epochBefore + 1}`,
        },
      ]
    })
    this.say('queues-moved', zone, '', `${moves.length} queues moved from broker-${letter}`, { moves })
    const failover = {
      detection: '0.412s',
      recovery: '1.873s',
      queues: moves.length,
      clients: 4_130,
      redelivered: '312',
    }
    this.say('recovered', zone, `broker-${letter}`, `${zone}: ${moves.length} queues served again after 1.9 s`, {
      failover,
      moves,
    })
  }

  heal(zone: string): void {
    this.down.delete(zone)
    this.say('member-joined', zone, `broker-${zone.slice(-1)}`, `broker-${zone.slice(-1)} joined`)
    this.owners.forEach((_, queue) => {
      if (zoneNames[queue % 3] === zone) this.owners[queue] = zone
    })
  }

  drain(zone: string, draining: boolean): number {
    const moved = this.owners.filter((owner) => owner === zone).length
    if (draining) this.draining.add(zone)
    else this.draining.delete(zone)
    this.say(
      draining ? 'drain-begun' : 'drain-ended',
      zone,
      `broker-${zone.slice(-1)}`,
      `${zone} ${draining ? 'is drained' : 'takes queues again'}`,
    )
    const others = zoneNames.filter((each) => each !== zone && !this.down.has(each))
    if (draining) {
      this.owners.forEach((owner, queue) => {
        if (owner === zone) this.owners[queue] = others[queue % others.length] ?? zone
      })
    }
    return moved
  }

  topology() {
    const now = Date.now()
    const wave = (period: number, shift = 0) => Math.sin((now / 1_000 + shift) / period)
    const busy = this.idle ? 0 : 1
    const perZone = (i: number) => busy * (16_000 + 2_600 * wave(11, i * 7) + 900 * wave(3, i))
    const zones = zoneNames.map((name, i) => this.#zone(name, i, perZone(i), busy))
    const alive = zoneNames.filter((name) => !this.down.has(name)).length
    const publishes = zoneNames.reduce((sum, name, i) => sum + (this.down.has(name) ? 0 : perZone(i)), 0)
    return {
      zones,
      owners: this.owners.map((zone) => `broker-${zone.slice(-1)}`),
      revision: `${this.revision}`,
      time: new Date(now).toISOString(),
      headline: {
        clients: busy * Math.round((this.clients / 8) * (alive / 3) + 40 * wave(17)),
        sessions: busy * this.clients,
        publishesPerSecond: publishes,
        deliveriesPerSecond: publishes * 2.04,
        ...(busy
          ? {
              publishToDeliverP99: `${(0.011 + 0.004 * Math.abs(wave(9)) + (alive < 3 ? 0.02 : 0)).toFixed(4)}s`,
              oldestUnacked: `${(2 + Math.abs(wave(5)) * 2).toFixed(1)}s`,
            }
          : {}),
      },
      unreachable: [...this.down].map((zone) => `proxy-${zone.slice(-1)}`),
      attention: [
        ...[...this.down].map((zone) => ({
          kind: 'member-suspect',
          text: `${zone} is down: ${zone} owns nothing until it is healed`,
          link: '/events',
        })),
        ...[...this.draining].map((zone) => ({ kind: 'draining', text: `${zone} is being drained`, link: '/queues' })),
        ...(busy
          ? [{ kind: 'group-lag', text: 'group billing is 41 s behind, and falling back', link: '/groups' }]
          : []),
      ],
    }
  }

  #zone(name: string, i: number, rate: number, busy: number) {
    const letter = name.slice(-1)
    const dead = this.down.has(name)
    const state = dead
      ? 'MEMBER_STATE_DEAD'
      : this.draining.has(name)
        ? 'MEMBER_STATE_DRAINING'
        : 'MEMBER_STATE_HEALTHY'
    const owned = this.owners.filter((owner) => owner === name).length
    const member = (kind: string, more: object) => ({
      name: `${kind}-${letter}`,
      kind: `MEMBER_KIND_${kind.toUpperCase()}`,
      state: dead ? 'MEMBER_STATE_DEAD' : 'MEMBER_STATE_HEALTHY',
      zone: name,
      incarnation: `${31 + i}`,
      address: `127.0.0.1:${21_000 + i}`,
      version: '0.1.0',
      startedAt: new Date(this.startedAt - 3 * 3_600_000).toISOString(),
      ...(dead
        ? {}
        : {
            load: {
              cpuCores: 0.31 + 0.07 * i,
              residentBytes: `${148_000_000 + i * 9_000_000}`,
              eventLoopDelayP99: '0.0031s',
              publishesPerSecond: rate,
              deliveriesPerSecond: rate * 2,
            },
          }),
      ...more,
    })
    return {
      name,
      state,
      members: [
        member('proxy', {
          connections: dead ? 0 : busy * (4_100 + i * 37),
          endpoints: { mqtt: `127.0.0.1:${1884 + i}`, websocket: `127.0.0.1:${8084 + i}`, api: '' },
        }),
        member('broker', { state, ownedQueues: owned, servingQueues: owned }),
        member('nameserver', { incarnation: '0', leads: !dead && this.#leader() === name }),
        ...(i === 0 && !dead
          ? [
              member('trace', { name: 'trace', kind: 'MEMBER_KIND_TRACE' }),
              member('console', { name: 'console', kind: 'MEMBER_KIND_CONSOLE' }),
            ]
          : []),
      ],
    }
  }

  #leader = () => zoneNames.find((name) => !this.down.has(name))
}

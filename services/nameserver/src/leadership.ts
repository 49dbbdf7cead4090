import type { control, nameserver } from '@tern/proto'
import { type Clock, type Logger, Outage, type Silence } from '@tern/runtime'
import { inSpan } from '@tern/telemetry'
import type { ControlLog } from './adapters/control-log.ts'
import type { MemberStreams } from './adapters/member-streams.ts'
import type { Peers, PeerView } from './adapters/peers.ts'
import type { NameserverConfig } from './config.ts'
import { type Attention, attend, attentive } from './core/attention.ts'
import type { ControlState } from './core/control-state.ts'
import type { Telemetry } from './core/counters.ts'
import { brokersWithoutLog, decisionsOf, drainDecisions, type Sights } from './core/decisions.ts'
import { logSightMin, logSilenceMax } from './core/liveness.ts'
import { snapshotOf } from './core/snapshot.ts'
import { type Observed, observe, standing } from './core/standing-wishes.ts'
import { termToClaim } from './core/term.ts'
import { neededFrom, snapshotIsDue, snapshotRecordsMax } from './core/upkeep.ts'
import { createDecisionTeller } from './decision-teller.ts'
import { createRecoveryTeller } from './recovery-teller.ts'

const lookInterval = 100
const rebalanceInterval = 500

export type Leadership = Readonly<{
  begin(): void
  /** Looks at everything again, soon: something changed. */
  look(): void
  leads(): boolean
  say(): nameserver.PingRequest
  drain(request: nameserver.DrainRequest): Promise<nameserver.DrainResponse>
  stop(): void
}>

type Options = Readonly<{
  config: NameserverConfig
  clock: Clock
  logger: Logger
  controlLog: ControlLog
  logSilence: Silence
  members: MemberStreams
  peers: Peers
  telemetry: Telemetry
}>

/** Claims a term when nobody leads, and decides while it leads. One append is outstanding at a time. */
export function createLeadership(options: Options): Leadership {
  const { config, clock, logger, controlLog, logSilence, members, telemetry } = options
  const run = `${config.name}/${config.nonce}`
  const outage = new Outage(
    logger,
    'the log refused or did not answer; it is tried again',
    'the log takes decisions and answers again',
  )
  const decider = createDecider(options, run, {
    outage,
    listeningSince: () => attention?.since ?? 0,
    observed: () => leaders,
  })
  let leaders: Observed = []
  let attention: Attention | undefined
  let busy = false
  let again = false
  let stopped = false

  const leads = () => controlLog.state().leader?.nameserver === run

  const look = () => {
    if (stopped || attention === undefined) return
    attention = attend(attention, clock.now())
    // Also while another leads: whoever leads next knows what has stood.
    leaders = observe(leaders, controlLog.leaderZones(), clock.now())
    if (busy) {
      again = true
      return
    }
    busy = true
    const state = controlLog.state()
    decider.look(state)
    const work = leads() ? decider.lead(state) : decider.claim(state)
    work
      .catch((error: unknown) => outage.failed(error))
      .finally(() => {
        busy = false
        if (again) {
          again = false
          clock.soon(look)
        }
      })
  }

  const tick = () => {
    if (stopped) return
    look()
    clock.after(lookInterval, tick)
  }

  return {
    begin() {
      attention = attentive(clock.now())
      tick()
    },
    look,
    leads,
    say: () => ({
      nameserver: run,
      term: controlLog.state().leader?.term ?? 0,
      leading: leads(),
      observations: observationsOf(controlLog.state(), members, clock.now()),
      logSilentMs: logSilence.ms,
    }),
    async drain(request) {
      const state = controlLog.state()
      const events = drainDecisions(state, request)
      const { zone, broker, draining } = request
      const attributes = { 'cloud.availability_zone': zone, 'tern.broker': broker, 'tern.draining': draining }
      await inSpan(telemetry.tracer.start('drain', { attributes }), async () => {
        if (events.length > 0)
          await controlLog.append(events.map((event) => ({ claim: state.leader?.claim ?? 0, event })))
        await controlLog.caughtUp()
      })
      telemetry.counters.drains += events.length
      return { brokers: events.flatMap((event) => (event.$case === 'drainChanged' ? [event.value.incarnation] : [])) }
    },
    stop() {
      stopped = true
    },
  }
}

type Watched = Readonly<{ outage: Outage; listeningSince: () => number; observed: () => Observed }>

/** What a look leads to: a claim when nobody leads, decisions while this run does. Both resolve once the fold has them. */
function createDecider(
  { config, clock, logger, controlLog, logSilence, members, peers, telemetry }: Options,
  run: string,
  { outage, listeningSince, observed }: Watched,
) {
  let leadingSince = 0
  let rebalancedAt = 0
  let snapshotTriedAt = -1
  const { tracer, counters } = telemetry
  const tellOfLogs = createLogTeller(members, logger)
  const tellOf = createDecisionTeller(telemetry, logger)
  const parts = { controlLog, members, clock, logger }
  const recoveryTeller = createRecoveryTeller({ ...parts, append: (events) => append(events) })
  const judgesLogs = () => logSilence.answeredForMs >= logSightMin

  const append = async (events: readonly control.ControlEvent[]) => {
    await controlLog.append(events)
    await controlLog.caughtUp()
    outage.worked()
  }

  const claim = async (state: ControlState) => {
    // It could not decide anything, and a claim that comes late would only take a term from who can.
    if (logSilence.ms > logSilenceMax) return
    const now = clock.now()
    const alive = peers
      .views()
      .filter(({ heardAt, refusedSince }) => now - heardAt < 1_000 && refusedSince === undefined)
    const rank = alive.filter((peer) => (peer.run ?? '') < run && peer.run !== state.leader?.nameserver).length
    const term = termToClaim({
      leader: state.leader,
      rank,
      ...leaderSight(state, run, peers, listeningSince(), judgesLogs()),
      now,
    })
    if (term === undefined) return
    const after = state.leader?.nameserver
    const span = tracer.start('leader change', {
      attributes: { 'tern.term': term, 'tern.leader': run, 'tern.leader.before': after },
    })
    await inSpan(span, () =>
      append([{ claim: 0, event: { $case: 'claimed', value: { term, nameserver: run, zone: config.zone } } }]),
    )
    counters.claims++
    logger.info('claimed a term', { term, after, ...span.fields })
    if (controlLog.state().leader?.nameserver === run) leadingSince = clock.now()
  }

  const lead = async (state: ControlState) => {
    const now = clock.now()
    // It could not decide anything.
    if (logSilence.ms > logSilenceMax) return
    const mayRebalance = now - rebalancedAt >= rebalanceInterval
    const sights: Sights = {
      own: members.seen(),
      peers: peers.views(),
      listeningSince: listeningSince(),
      leadingSince,
      run,
      judgesLogs: judgesLogs(),
      now,
    }
    tellOfLogs(brokersWithoutLog(state, sights))
    const events = decisionsOf(state, sights, {
      queues: config.queues,
      movesMax: mayRebalance ? config.movesMax : 0,
      wishes: controlLog.leaderZones(),
      standing: standing(observed(), now),
    })
    if (snapshotIsDue(state, snapshotTriedAt, events.length === 0, config.snapshotRecords ?? snapshotRecordsMax))
      return await snapshot(state)
    if (events.length === 0) return await recoveryTeller.tell(state)
    if (mayRebalance) rebalancedAt = now
    await tellOf(state, events, () => append(events.map((event) => ({ claim: state.leader?.claim ?? 0, event }))))
  }

  const snapshot = async (state: ControlState) => {
    const { leader } = state
    if (leader === undefined) return
    snapshotTriedAt = state.through
    const event = { $case: 'snapshot' as const, value: snapshotOf(state, leader) }
    const span = tracer.start('control snapshot', { attributes: { 'tern.position': state.through } })
    await inSpan(span, () => append([{ claim: leader.claim, event }]))
    counters.snapshots++
    const before = neededFrom(controlLog.state())
    if (before !== undefined) await controlLog.trim(before)
  }

  return { claim, lead, look: recoveryTeller.look }
}

/** Whose queues go to others, once for each change. */
function createLogTeller(members: MemberStreams, logger: Logger): (without: ReadonlySet<string>) => void {
  let told = ''
  return (without) => {
    const seen = [...members.seen()].filter(([nonce]) => without.has(nonce))
    const brokers = seen.map(([, { hello }]) => `${hello.zone} ${hello.address}`).join(', ')
    if (brokers !== told && brokers !== '')
      logger.warn('brokers say that the log does not answer them; their queues go to others', { brokers })
    told = brokers
  }
}

function leaderSight(state: ControlState, run: string, peers: Peers, listeningSince: number, judgesLogs: boolean) {
  const leading = state.leader?.nameserver ?? ''
  const name = leading.slice(0, leading.lastIndexOf('/'))
  // This nameserver's own earlier run led: it is gone for certain.
  if (leading !== run && name === run.slice(0, run.lastIndexOf('/')))
    return { heardAt: listeningSince, goneSince: listeningSince }
  const view = peers.views().find((peer) => peer.run === leading)
  const successor = peers.views().find((peer) => peer.run?.startsWith(`${name}/`) && peer.run !== leading)
  return {
    heardAt: Math.max(listeningSince, view?.heardAt ?? 0),
    goneSince:
      view?.refusedSince ??
      (successor ? Math.max(listeningSince, successor.heardAt) : withoutLogSince(judgesLogs ? view : undefined)),
  }
}

/** When it had been without the log for too long, by what it says itself. */
function withoutLogSince(view: PeerView | undefined): number | undefined {
  if (view === undefined || view.logSilentMs <= logSilenceMax) return undefined
  return view.observedAt - (view.logSilentMs - logSilenceMax)
}

function observationsOf(state: ControlState, members: MemberStreams, now: number): nameserver.Observation[] {
  return [...members.seen()].flatMap(([nonce, { heardAt, refused }]) => {
    const incarnation = state.incarnations.get(nonce)
    return incarnation === undefined ? [] : [{ incarnation, silentMs: Math.max(0, now - heardAt), refused }]
  })
}

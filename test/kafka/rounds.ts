import { type Log, type LogSettings, openLog } from '@tern/log'
import { silentLogger, systemClock } from '@tern/runtime'
import { expect } from 'vitest'
import { type Random, seeded } from '../failure/random.ts'
import { summaryOf } from '../failure/resumption.ts'
import { StandingFleet } from '../failure/standing-fleet.ts'
import { ControlWatch } from './control-watch.ts'
import { untilInSync } from './kafka-settings.ts'
import { type Fault, faults, type Victim } from './victims.ts'

/** Of rounds, each of which can be run again alone: `TERN_KAFKA_SEED=7 TERN_KAFKA_ROUNDS=1 npm run test:kafka`. */
export const seeds = (rounds: number): number[] => {
  const first = Number(process.env['TERN_KAFKA_SEED'] ?? 0)
  return Array.from({ length: Number(process.env['TERN_KAFKA_ROUNDS'] ?? rounds) }, (_, i) => first + i)
}

export type Round = Readonly<{ seed: number; fault: Fault; victim: Victim; random: Random }>

/** By turns each fault on each kind of victim; the seed says on which of them, and when. */
export function roundOf(seed: number, kinds: readonly (readonly Victim[])[]): Round {
  const random = seeded(seed)
  const victims = kinds[seed % kinds.length] ?? []
  const fault = faults[Math.floor(seed / kinds.length) % faults.length]
  const victim = victims[random.below(victims.length)]
  if (fault === undefined || victim === undefined) throw new Error(`round ${seed} has no fault or no victim`)
  return { seed, fault, victim, random }
}

const size = 6
/** A new fleet now and then, so that any number of rounds fits into memory. */
const roundsOfFleetMax = 20
const resumeWithinMs = 20_000
const healWithinMs = 60_000
const endWithinMs = 30_000

const after = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

/** Rounds on one region: a fault under load, and a look at what everybody was told. */
export class Rounds {
  private readonly addresses: readonly string[]
  private readonly settings: LogSettings
  private readonly log: Log
  private readonly control: ControlWatch
  private fleet: StandingFleet | undefined
  private readonly fleets: StandingFleet[] = []
  private roundsOfFleet = 0
  private readonly times = new Map<string, number[]>()

  private constructor(addresses: readonly string[], settings: LogSettings, log: Log, control: ControlWatch) {
    this.addresses = addresses
    this.settings = settings
    this.log = log
    this.control = control
  }

  static async on(addresses: readonly string[], settings: LogSettings): Promise<Rounds> {
    const log = await openLog(settings, systemClock, silentLogger)
    return new Rounds(addresses, settings, log, await ControlWatch.on(log))
  }

  async run({ seed, fault, victim, random }: Round): Promise<void> {
    const fleet = await this.standing(seed)
    const before = fleet.counts
    await untilInSync(this.settings, healWithinMs)
    this.control.take()
    await fleet.begin()
    await after(300 + random.below(400))
    const resumption = fleet.measure()
    await fault.begin(victim)
    const resumed = await fleet.until(() => resumption.waiting.length === 0, resumeWithinMs)
    await after(random.below(1_000))
    await fault.end(victim)
    await untilInSync(this.settings, healWithinMs)
    const violations = await fleet.end(endWithinMs)
    const { counts } = fleet
    const acknowledged = counts.acknowledged - before.acknowledged
    const repeated = [counts.repeatedAtQos0 - before.repeatedAtQos0, counts.repeatedAtQos1 - before.repeatedAtQos1]
    const alarms = this.control.take().filter((decision) => !victim.explains(decision))
    this.note(`${fault.name} of ${victim.kind}`, resumption.times)
    say(
      `round ${seed}, ${fault.name} of ${victim.name}: ${acknowledged} acknowledged, ${repeated[0]} and ${repeated[1]} repeated at QoS 0 and 1; ${again(resumption.times)} (${resumption.last})`,
    )
    const late = resumption.waiting.map(({ publisher, topic, receivers }) => `${publisher} ${topic} ${receivers}`)
    expect(violations.slice(0, 10)).toEqual([])
    expect(alarms).toEqual([])
    expect(resumed, `not again within ${resumeWithinMs} ms: ${late.slice(0, 3).join(', ')}`).toBe(true)
    expect(acknowledged).toBeGreaterThan(100)
    // Whoever gets here goes on with it.
    this.fleet = fleet
  }

  private async standing(seed: number): Promise<StandingFleet> {
    const known = this.fleet
    this.fleet = undefined
    if (known !== undefined && this.roundsOfFleet++ < roundsOfFleetMax) return known
    for (const fleet of this.fleets.splice(0)) fleet.stop()
    this.roundsOfFleet = 1
    const fresh = new StandingFleet(this.addresses, `kafka-${seed}`, size)
    this.fleets.push(fresh)
    await fresh.start()
    return fresh
  }

  private note(kind: string, times: readonly number[]): void {
    this.times.set(kind, [...(this.times.get(kind) ?? []), ...times])
  }

  async stop(): Promise<void> {
    for (const [kind, times] of this.times) say(`${kind}: ${again(times)}`)
    for (const fleet of this.fleets.splice(0)) fleet.stop()
    this.control.stop()
    await this.log.close()
  }
}

/** "84 paths deliver again after ms: p50 3120, …" */
const again = (times: readonly number[]) => `${times.length} paths deliver again after ms: ${summaryOf(times)}`
const say = (text: string): void => void process.stdout.write(`${text}\n`)

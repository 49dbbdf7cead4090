import type { Load } from './devices.ts'
import type { Plant } from './planted.ts'
import type { Site } from './site.ts'
import { World } from './world.ts'

export type Outcome = Readonly<{
  seed: number
  messages: number
  steps: number
  /** Virtual milliseconds. */
  tookMs: number
  faults: readonly string[]
  violations: readonly string[]
}>

const faults = 12
const healWithin = 30_000
const endWithin = 20_000

/** One seed: load and faults, then healing, then all must be as if nothing had been. Stops at the first broken promise. */
export async function simulate(seed: number, plant?: Plant, load?: (site: Site) => Load): Promise<Outcome> {
  const world = new World(seed, load)
  const { fleet, site } = world
  const { timeline } = site
  const begun = timeline.now
  site.log.plant = plant
  const outcome = (violations: readonly string[]): Outcome => ({
    ...{ seed, messages: fleet.published(), steps: timeline.steps, tookMs: timeline.now - begun },
    ...{ faults: world.faults, violations },
  })
  const broken = () => fleet.violations().length > 0
  if (!(await world.begin())) return outcome(['stuck: not every device was served'])
  fleet.publish()
  fleet.live()
  for (let i = 0; i < faults && !broken(); i++) {
    await timeline.runUntil(timeline.now + site.random.next() * 900, broken)
    world.fault()
  }
  await timeline.runUntil(timeline.now + 500, broken)
  fleet.stop()
  world.heal()
  const healed = timeline.now
  while (!broken() && fleet.missing().length > 0 && timeline.now < healed + healWithin)
    await timeline.runUntil(timeline.now + 250, broken)
  if (fleet.missing().length > 0) return outcome(fleet.missing())
  fleet.end()
  const wrong = () => [...fleet.missing(), ...fleet.wrongInTheEnd()]
  await timeline.runUntil(timeline.now + endWithin, () => broken() || (fleet.isOver() && wrong().length === 0))
  return outcome(fleet.isOver() ? wrong() : [...wrong(), 'stuck: the end was not reached'])
}

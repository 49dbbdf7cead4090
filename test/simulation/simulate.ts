import { World } from './world.ts'

export type Outcome = Readonly<{ seed: number; messages: number; steps: number; violations: readonly string[] }>

/** One seed: some virtual seconds of load and faults, then healing, then all must be as if nothing had been. */
export async function simulate(seed: number, plant: (world: World) => void = () => {}): Promise<Outcome> {
  const world = new World(seed)
  const { timeline } = world
  await world.begin()
  plant(world)
  world.publish()
  for (let faults = 0; faults < 6; faults++) {
    await timeline.runUntil(timeline.now + 120)
    world.fault()
  }
  await timeline.runUntil(timeline.now + 300)
  world.stopped = true
  world.heal()
  const quiet = () => world.answered.size === world.wanted.size && world.check().length === 0
  for (let waited = 0; waited < 60 && !quiet(); waited++) await timeline.runUntil(timeline.now + 500)
  return { seed, messages: world.wanted.size, steps: timeline.steps, violations: world.check() }
}

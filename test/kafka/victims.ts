import { type Action, ask } from '../../tools/kafka/control.ts'
import type { ZoneName } from '../../tools/region/plan.ts'
import { zones } from '../failure/round.ts'
import type { Region } from '../support/region.ts'
import type { Decision } from './control-watch.ts'

/** What faults are done to. */
export type Victim = Readonly<{
  /** "a zone", for instance. */
  kind: string
  name: string
  kill(): Promise<unknown>
  pause(): Promise<unknown>
  resume(): Promise<unknown>
  /** In order. */
  stop(): Promise<unknown>
  /** Resolves once it runs again. */
  start(): Promise<unknown>
  /** What nameservers may decide because of it; everything else is a false alarm. */
  explains(decision: Decision): boolean
}>

export type Fault = Readonly<{
  name: string
  begin(victim: Victim): Promise<unknown>
  end(victim: Victim): Promise<unknown>
}>

export const faults: readonly Fault[] = [
  { name: 'kill -9', begin: (victim) => victim.kill(), end: (victim) => victim.start() },
  { name: 'SIGSTOP', begin: (victim) => victim.pause(), end: (victim) => victim.resume() },
  { name: 'restart', begin: (victim) => victim.stop(), end: (victim) => victim.start() },
]

export function kafkaNode(control: string, zone: ZoneName): Victim {
  const node = `${zones.indexOf(zone) + 1}`
  const act = async (action: Action) => {
    if ((await ask(control, action, node)) === undefined) throw new Error(`the Kafka cluster at ${control} is gone`)
  }
  return {
    kind: 'a Kafka node',
    name: `the Kafka node of ${zone}`,
    kill: () => act('kill'),
    pause: () => act('pause'),
    resume: () => act('restart'),
    stop: () => act('stop'),
    start: () => act('restart'),
    explains: () => false,
  }
}

export const zoneOf = (region: Region, zone: ZoneName): Victim => ({
  kind: 'a zone',
  name: zone,
  kill: () => region.killZone(zone),
  pause: () => region.pauseZone(zone),
  resume: () => region.resumeZone(zone),
  stop: () => region.stopZone(zone),
  start: () => region.restartZone(zone),
  explains: (decision) => decision.what === 'term' || decision.zone === zone,
})

/** Both at once. */
export function together(a: Victim, b: Victim): Victim {
  const both = (act: (victim: Victim) => Promise<unknown>) => () => Promise.all([act(a), act(b)])
  return {
    kind: `${a.kind} with ${b.kind}`,
    name: `${a.name} with ${b.name}`,
    kill: both((victim) => victim.kill()),
    pause: both((victim) => victim.pause()),
    resume: both((victim) => victim.resume()),
    stop: both((victim) => victim.stop()),
    start: both((victim) => victim.start()),
    explains: (decision) => a.explains(decision) || b.explains(decision),
  }
}

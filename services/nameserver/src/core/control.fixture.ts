import { control } from '@tern/proto'
import { applyControl } from './apply-control.ts'
import { type ControlState, noControlState } from './control-state.ts'
import { snapshotOf } from './snapshot.ts'

export type Recorded = control.ControlEvent

export const claimed = (term: number, nameserver: string): Recorded => ({
  claim: 0,
  event: { $case: 'claimed', value: { term, nameserver, zone: `zone of ${nameserver}` } },
})

export const provisioned = (queues: number): Recorded => ({
  claim: 0,
  event: { $case: 'provisioned', value: { queues } },
})

export const joined = (claim: number, nonce: string, zone = 'az-a', kind: 'BROKER' | 'PROXY' = 'BROKER'): Recorded => ({
  claim,
  event: {
    $case: 'joined',
    value: { kind: control.MemberKind[kind], nonce, zone, address: `${nonce}:7000`, detail: undefined },
  },
})

export const died = (claim: number, incarnation: number): Recorded => ({
  claim,
  event: { $case: 'died', value: { incarnation, reason: 'silent', silentMs: 0 } },
})

export const assigned = (claim: number, queue: number, broker: number): Recorded => ({
  claim,
  event: { $case: 'assigned', value: { queue, broker } },
})

export const drainChanged = (claim: number, incarnation: number, draining: boolean): Recorded => ({
  claim,
  event: { $case: 'drainChanged', value: { incarnation, draining } },
})

/** What the leader of the state would write now. */
export function snapshotEvent(state: ControlState): Recorded {
  if (state.leader === undefined) throw new Error('nobody leads')
  return { claim: state.leader.claim, event: { $case: 'snapshot', value: snapshotOf(state, state.leader) } }
}

/** The fold of records of which the first has the offset `from`. */
export function fold(records: readonly Recorded[], from = 0, state = noControlState): ControlState {
  return records.reduce((before, record, at) => {
    const after = applyControl(before, from + at, record)
    if (after === undefined) throw new Error(`there is a hole before ${from + at}`)
    return after
  }, state)
}

/** A region with a leader (claim 0), so many queues (1), and members of these zones (2, 3, ...). */
export const region = (queues: number, zones: readonly string[]): Recorded[] => [
  claimed(1, 'ns-a'),
  provisioned(queues),
  ...zones.map((zone, at) => joined(0, `broker-${at}`, zone)),
]

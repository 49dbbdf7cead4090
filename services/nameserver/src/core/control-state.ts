import type { control } from '@tern/proto'

export type Member = Readonly<{
  incarnation: number
  kind: control.MemberKind
  nonce: string
  zone: string
  address: string
  detail: control.MemberDetail | undefined
  draining: boolean
}>

export type Route = Readonly<{ queue: number; epoch: number; broker: number }>

/** The newest valid claim: who leads. */
export type Leader = Readonly<{ term: number; claim: number; nameserver: string; zone: string }>

/** What tern.control says up to `through`: the fold of its records in log order. */
export type ControlState = Readonly<{
  through: number
  queues: number
  leader: Leader | undefined
  /** The living, in the order in which they joined. */
  members: ReadonlyMap<number, Member>
  /** By nonce: of the living, and of the dead that are remembered. */
  incarnations: ReadonlyMap<string, number>
  /** Incarnations recorded dead, oldest first. */
  dead: ReadonlySet<number>
  routes: ReadonlyMap<number, Route>
  /** Offsets of the last two valid snapshots; before the older one nothing is needed. */
  snapshots: Readonly<{ newest: number | undefined; older: number | undefined }>
}>

export const noControlState: ControlState = {
  through: -1,
  queues: 0,
  leader: undefined,
  members: new Map(),
  incarnations: new Map(),
  dead: new Set(),
  routes: new Map(),
  snapshots: { newest: undefined, older: undefined },
}

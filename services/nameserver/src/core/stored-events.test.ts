// Records of tern.control as the release of November 2026 wrote them: every later one must read them. A test that fails here is never
// mended by new bytes; add those of the new form beside the old ones.
import { control } from '@tern/proto'
import { expect, test } from 'vitest'
import { applyControl } from './apply-control.ts'
import { type ControlState, noControlState } from './control-state.ts'

/** One after the other from offset 0: a term, members, a route, a drain, a death. */
const stored = [
  'GgIIAg==',
  'EhEIARIHYXotYS9uMRoEYXotYQ==',
  'CAEiGQgBEgJiMRoEYXotYSILMTI3LjAuMC4xOjE=',
  'CAEiDAgCEgJwMRoEYXotYg==',
  'CAEyBAgBEAI=',
  'CAE6BAgCEAE=',
  'CAEqCwgDEgdzaWxlbmNl',
]
/** What the leader of then wrote behind them. */
const snapshot =
  'CAFCSAgGEhEIARIHYXotYS9uMRoEYXotYRgCIh8IAhIZCAESAmIxGgRhei1hIgsxMjcuMC4wLjE6MRgBKgYIAxICcDEyBggBEAQYAg=='

const eventOf = (base64: string) => control.ControlEvent.decode(Buffer.from(base64, 'base64'))
const fold = (bytes: readonly string[]): ControlState | undefined =>
  bytes.reduce<ControlState | undefined>(
    (state, each, offset) => state && applyControl(state, offset, eventOf(each)),
    noControlState,
  )

const members = [
  [
    2,
    {
      kind: control.MemberKind.BROKER,
      nonce: 'b1',
      zone: 'az-a',
      address: '127.0.0.1:1',
      incarnation: 2,
      draining: true,
    },
  ],
]
const told = {
  queues: 2,
  leader: { term: 1, claim: 1, nameserver: 'az-a/n1', zone: 'az-a' },
  members: new Map(members as never),
  incarnations: new Map([
    ['b1', 2],
    ['p1', 3],
  ]),
  dead: new Set([3]),
  routes: new Map([[1, { queue: 1, broker: 2, epoch: 4 }]]),
}

test('terms, members, routes, drains and deaths are folded as they were', () => {
  expect(fold(stored)).toMatchObject({ ...told, through: 6 })
})

test('a snapshot is valid behind what it covers, and stands for it', () => {
  expect(fold([...stored, snapshot])).toMatchObject({ ...told, through: 7, snapshots: { newest: 7 } })
  expect(applyControl(noControlState, 7, eventOf(snapshot))).toMatchObject({ ...told, through: 7 })
})

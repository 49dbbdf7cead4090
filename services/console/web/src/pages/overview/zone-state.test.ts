import { expect, test } from 'vitest'
import type { MemberJson } from '../../gen/tern/v1/cluster_pb.js'
import { lookOf, lookOfZone } from './zone-state.ts'

const member = (kind: MemberJson['kind'], state: MemberJson['state']): MemberJson => ({ kind: kind!, state: state! })

test('a state has a word and a shape', () => {
  expect(lookOf('MEMBER_STATE_SUSPECT')).toEqual({ word: 'silent', shape: '▲', tone: 'warn' })
  expect(lookOf('dead').word).toBe('down')
  expect(lookOf(undefined).word).toBe('unknown')
})

test('a zone is down when nothing in it carries messages, partly when something does', () => {
  const dead = member('MEMBER_KIND_BROKER', 'MEMBER_STATE_DEAD')
  const onlooker = member('MEMBER_KIND_CONSOLE', 'MEMBER_STATE_HEALTHY')
  const proxy = member('MEMBER_KIND_PROXY', 'MEMBER_STATE_HEALTHY')
  expect(lookOfZone({ state: 'MEMBER_STATE_DEAD', members: [dead, onlooker] }).word).toBe('down')
  expect(lookOfZone({ state: 'MEMBER_STATE_DEAD', members: [dead, proxy] }).word).toBe('partly down')
})

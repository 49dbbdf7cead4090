import { control, nameserver } from '@tern/proto'
import { expect, test } from 'vitest'
import { nameMembers } from './member-names.ts'

const member = (incarnation: number, kind: 'BROKER' | 'PROXY', zone: string) =>
  nameserver.Member.fromPartial({ incarnation, kind: control.MemberKind[kind], zone })

test('members are named by kind and zone, and numbered where a zone has several', () => {
  const named = nameMembers([
    member(9, 'PROXY', 'az-b'),
    member(4, 'BROKER', 'az-a'),
    member(6, 'PROXY', 'az-b'),
    member(7, 'PROXY', 'west'),
  ])
  expect(named.map(({ name, incarnation }) => `${incarnation} ${name}`)).toEqual([
    ...['4 broker-a', '6 proxy-b-1', '7 proxy-west', '9 proxy-b-2'],
  ])
})

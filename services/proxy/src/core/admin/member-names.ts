import { control, type nameserver } from '@tern/proto'

export type NamedMember = Readonly<{
  name: string
  kind: control.MemberKind
  zone: string
  incarnation: number
  address: string
}>

const kindNames: Readonly<Record<number, string>> = {
  [control.MemberKind.BROKER]: 'broker',
  [control.MemberKind.PROXY]: 'proxy',
  [control.MemberKind.TRACE]: 'trace',
  [control.MemberKind.CONSOLE]: 'console',
}

export const baseNameOf = (kind: string, zone: string): string => `${kind}-${zone.replace(/^az-/, '')}`

/** "broker-a": kind and zone; numbered in the order of joining when a zone has several of a kind. */
export function nameMembers(members: readonly nameserver.Member[]): NamedMember[] {
  const sorted = [...members].sort((a, b) => a.incarnation - b.incarnation)
  const baseOf = ({ kind, zone }: nameserver.Member) => baseNameOf(kindNames[kind] ?? 'member', zone)
  const counts = Map.groupBy(sorted, baseOf)
  return sorted.map((member) => {
    const base = baseOf(member)
    const alike = counts.get(base) ?? []
    const { kind, zone, incarnation, address } = member
    const name = alike.length > 1 ? `${base}-${alike.indexOf(member) + 1}` : base
    return { name, kind, zone, incarnation, address }
  })
}

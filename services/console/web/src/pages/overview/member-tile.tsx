import { useId } from 'react'
import type { MemberJson } from '../../gen/tern/v1/cluster_pb.js'
import { bytes, short, span, spanOf, whole } from '../../lib/format.ts'
import { lookOf } from './zone-state.ts'

/** One process: shape, name and word; all else when it is pointed at or has the focus. */
export function MemberTile({ member }: Readonly<{ member: MemberJson }>) {
  const { name = '', state, leads = false } = member
  const look = lookOf(state)
  const id = useId()
  return (
    <li>
      <button type="button" className={`member ${look.tone}`} aria-describedby={id}>
        <span aria-hidden="true" className={`member-shape ${look.tone}`}>
          {look.shape}
        </span>
        <span className="member-name">{name}</span>
        {leads ? <span className="tag accent">leads</span> : null}
        {look.tone === 'ok' ? null : <span className={`small ${look.tone}-text`}>{look.word}</span>}
      </button>
      <dl className="member-detail pairs" id={id}>
        {factsOf(member).map(([what, value]) => (
          <div key={what}>
            <dt>{what}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
    </li>
  )
}

/** Only what is known. */
export function factsOf({
  address,
  version,
  startedAt,
  connections,
  ownedQueues,
  kind,
  load,
  endpoints = {},
}: MemberJson) {
  const uptime = startedAt === undefined ? undefined : span(Math.max(0, Date.now() - Date.parse(startedAt)))
  const facts: readonly (readonly [string, string | undefined])[] = [
    ['address', address],
    ['version', version],
    ['up for', uptime],
    ['connections', kind === 'MEMBER_KIND_PROXY' ? whole(connections ?? 0) : undefined],
    ['owns', kind === 'MEMBER_KIND_BROKER' ? `${ownedQueues ?? 0} queues` : undefined],
    ['CPU', load?.cpuCores === undefined ? undefined : `${Number(load.cpuCores).toFixed(2)} cores`],
    ['memory', load?.residentBytes === undefined ? undefined : bytes(Number(load.residentBytes))],
    ['event loop p99', spanOf(load?.eventLoopDelayP99)],
    [
      'in / out',
      load === undefined
        ? undefined
        : `${short(Number(load.publishesPerSecond ?? 0))} / ${short(Number(load.deliveriesPerSecond ?? 0))} a second`,
    ],
    ...Object.entries(endpoints).map(([name, at]) => [name, at] as const),
  ]
  return facts.flatMap(([what, value]) => (value === undefined || value === '' ? [] : [[what, value] as const]))
}

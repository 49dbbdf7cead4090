import type { MemberJson, ZoneJson } from '../../gen/tern/v1/cluster_pb.js'
import { count, short } from '../../lib/format.ts'
import type { Sample } from '../../lib/use-topology.ts'
import { MemberTile } from './member-tile.tsx'
import { OwnedQueues } from './owned-queues.tsx'
import { ZoneActions } from './zone-actions.tsx'
import { lookOf, lookOfZone } from './zone-state.ts'

type ZoneCardProps = Readonly<{
  zone: ZoneJson
  index: number
  owned: readonly number[]
  queues: number
  then: Sample['zones'][number] | undefined
}>

/** In this order from top to bottom, on every card. */
const rows = [
  [['MEMBER_KIND_PROXY'], 'proxy'],
  [['MEMBER_KIND_BROKER'], 'broker'],
  [['MEMBER_KIND_NAMESERVER'], 'nameserver'],
  [['MEMBER_KIND_TRACE', 'MEMBER_KIND_CONSOLE'], 'also here'],
] as const satisfies readonly (readonly [readonly MemberJson['kind'][], string])[]

const sum = (members: readonly MemberJson[], of: (member: MemberJson) => unknown) =>
  members.reduce((total, member) => total + Number(of(member) ?? 0), 0)

export function ZoneCard({ zone, index, owned, queues, then }: ZoneCardProps) {
  const { name = '', members = [] } = zone
  const look = then === undefined ? lookOfZone(zone) : lookOf(then.state)
  const clients = then?.clients ?? sum(members, ({ connections }) => connections)
  const proxies = members.filter(({ kind }) => kind === 'MEMBER_KIND_PROXY')
  return (
    <article className={`zone-card ${look.tone}`} data-zone={index} aria-label={`Zone ${name}, ${look.word}`}>
      <header className="spread">
        <h2>{name}</h2>
        <span className={`tag ${look.tone}`}>
          <span aria-hidden="true">{look.shape}</span>
          {look.word}
        </span>
      </header>
      <dl className="zone-figures">
        <div>
          <dt>clients</dt>
          <dd>{short(clients)}</dd>
        </div>
        <div>
          <dt>in</dt>
          <dd>{short(sum(proxies, ({ load }) => load?.publishesPerSecond))}/s</dd>
        </div>
        <div>
          <dt>out</dt>
          <dd>{short(sum(proxies, ({ load }) => load?.deliveriesPerSecond))}/s</dd>
        </div>
      </dl>
      <div className="members">
        {rows.map(([kinds, row]) => {
          const found = members.filter(({ kind }) => kinds.some((each) => each === kind))
          return found.length === 0 ? null : <MemberRow key={row} name={row} members={found} />
        })}
      </div>
      {then === undefined ? (
        <OwnedQueues owned={owned} total={queues} />
      ) : (
        <p className="muted">owned {count(then.queues, 'queue')} then</p>
      )}
      {then === undefined ? <ZoneActions zone={zone} owned={owned.length} /> : null}
    </article>
  )
}

/** More than so many of a kind are counted instead of drawn. */
const tilesMax = 12

function MemberRow({ name, members }: Readonly<{ name: string; members: readonly MemberJson[] }>) {
  const healthy = members.filter(({ state }) => state === 'MEMBER_STATE_HEALTHY').length
  return (
    <div className="member-row">
      <span className="label">{name}</span>
      {members.length > tilesMax ? (
        <span>
          {members.length} of them, {healthy} healthy
        </span>
      ) : (
        <ul>
          {members.map((member) => (
            <MemberTile key={`${member.name}${member.incarnation}`} member={member} />
          ))}
        </ul>
      )}
    </div>
  )
}

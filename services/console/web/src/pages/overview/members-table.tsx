import type { TopologyJson } from '../../gen/tern/v1/cluster_pb.js'
import { ZoneName } from '../../parts/zone.tsx'
import { factsOf } from './member-tile.tsx'
import { lookOf } from './zone-state.ts'

/** The map in words. */
export function MembersTable({ topology }: Readonly<{ topology: TopologyJson }>) {
  const members = (topology.zones ?? []).flatMap((zone) => zone.members ?? [])
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls is scrolled by keys too.
    <section className="table-scroll card flush" aria-label="Members of the region" tabIndex={0}>
      <table className="table wrapping">
        <thead>
          <tr>
            {['Zone', 'Member', 'State', 'Facts'].map((title) => (
              <th key={title} scope="col">
                {title}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {members.map((member) => (
            <tr key={`${member.name}${member.incarnation}`}>
              <td>
                <ZoneName zone={member.zone} />
              </td>
              <td>
                {member.name} {member.leads ? <span className="tag accent">leads</span> : null}
              </td>
              <td>
                <span className={`tag ${lookOf(member.state).tone}`}>{lookOf(member.state).word}</span>
              </td>
              <td className="small">
                {factsOf(member)
                  .map(([what, value]) => `${what} ${value}`)
                  .join(' · ')}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  )
}

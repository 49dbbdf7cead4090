import { Link } from '@tanstack/react-router'
import type { SubscriptionEntryJson } from '../../gen/tern/v1/subscriptions_pb.js'
import { qosOf } from '../../lib/words.ts'
import type { Column } from '../../parts/data-table.tsx'

export const sharedFilterOf = ({ group = '', topicFilter = '' }: SubscriptionEntryJson): string =>
  `$share/${group}/${topicFilter}`

/** Of subscriptions, wherever they are listed. */
export const subscriptionColumns: readonly Column<SubscriptionEntryJson>[] = [
  {
    title: 'Client',
    cell: ({ clientId = '' }) => (
      <Link to="/clients/$clientId" params={{ clientId } as never} className="mono breakable">
        {clientId}
      </Link>
    ),
  },
  { title: 'Filter', cell: ({ topicFilter }) => <code className="breakable">{topicFilter}</code> },
  {
    title: 'Group',
    cell: (entry) =>
      entry.group ? (
        <Link to="/groups/$filter" params={{ filter: sharedFilterOf(entry) } as never}>
          {entry.group}
        </Link>
      ) : (
        <span className="muted">alone</span>
      ),
  },
  {
    title: 'State',
    cell: ({ connected }) =>
      connected ? <span className="tag ok">● connected</span> : <span className="tag">○ away</span>,
  },
  { title: 'QoS', number: true, cell: ({ qos }) => qosOf(qos) },
  { title: 'No local', cell: ({ noLocal }) => (noLocal ? 'yes' : 'no') },
  { title: 'Retain handling', number: true, cell: ({ retainHandling }) => retainHandling ?? 0 },
  { title: 'Id', number: true, cell: ({ identifier }) => identifier || '–' },
]

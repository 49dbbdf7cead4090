import { unreachable } from '@tern/runtime'
import { type Client, type ClientEvent, type ConnectionNumber, compareNumbers, type Session } from './client.ts'
import type { ClientCommand } from './commands.ts'
import { reasonCodes } from './limits.ts'
import { cursorFits, journalChanges } from './progress.ts'
import {
  answer,
  type ClientDecision,
  decideAnnounce,
  decideClose,
  decideDelete,
  decideDue,
  decideOpen,
  decideProxyDied,
} from './session.ts'
import { withoutSubscriptions, withSubscriptions } from './subscriptions.ts'

/** All that a home decides about one client. */
export function decide(client: Client, command: ClientCommand): ClientDecision {
  switch (command.type) {
    case 'open':
      return decideOpen(client, command)
    case 'subscribe':
      return asNewest(client, command.request.connection, (session) => {
        const subscriptions = withSubscriptions(session.subscriptions, command.request.subscriptions)
        return subscriptions && [{ type: 'session-saved', session: { ...session, subscriptions } }]
      })
    case 'unsubscribe':
      return asNewest(client, command.request.connection, (session) => {
        const subscriptions = withoutSubscriptions(session.subscriptions, command.request.filters)
        return [{ type: 'session-saved', session: { ...session, subscriptions } }]
      })
    case 'checkpoint':
      return asNewest(client, command.request.connection, ({ durable }) => {
        const { cursor } = command.request
        if (cursor === undefined || !durable) return []
        return cursorFits(cursor) ? [{ type: 'cursor-saved', cursor }] : undefined
      })
    case 'journal':
      return asNewest(client, command.request.connection, ({ durable }) => {
        if (!durable) return []
        const entries = journalChanges(client.journal, command.request.entries)
        return entries && (entries.length === 0 ? [] : [{ type: 'journal-saved', entries }])
      })
    case 'close':
      return decideClose(client, command)
    case 'announce':
      return decideAnnounce(client, command)
    case 'delete':
      return decideDelete(client, command)
    case 'proxy-died':
      return decideProxyDied(client, command)
    case 'due':
      return decideDue(client, command)
    case 'will-published':
      return willPublished(client, command.connection)
    default:
      return unreachable(command)
  }
}

/** Only the newest connection, while it lives, may change its session. `change` says undefined when a limit is met. */
function asNewest(
  { session }: Client,
  connection: ConnectionNumber | undefined,
  change: (session: Session) => readonly ClientEvent[] | undefined,
): ClientDecision {
  const current =
    session !== undefined &&
    session.disconnectedAtMs === undefined &&
    connection !== undefined &&
    compareNumbers(connection, session.connection) === 0
  if (!current) return answer({ type: 'superseded' })
  const events = change(session)
  if (events === undefined) return answer({ type: 'refused', reasonCode: reasonCodes.quotaExceeded })
  return { events, effects: [{ type: 'done' }] }
}

function willPublished({ will }: Client, connection: ConnectionNumber): ClientDecision {
  const same = will?.dueAtMs !== undefined && compareNumbers(will.connection, connection) === 0
  return { events: same ? [{ type: 'will-removed' }] : [], effects: [] }
}

import type { inspect } from '@tern/proto'
import { badField, Refusal } from '../../core/api/refusal.ts'
import type { Admin } from './admin-context.ts'
import { sessionsOf } from './client-pages.ts'

/** The session of one client, whole. */
export async function sessionOf(clientId: string, admin: Admin): Promise<inspect.SessionState> {
  if (clientId === '') throw badField('client_id', 'FIELD_INVALID', 'is empty; give the id of a client')
  const unreachable = new Set<string>()
  const [session] = await sessionsOf([clientId], admin, unreachable, true)
  if (session !== undefined) return session
  if (unreachable.size > 0) throw homeUnreachable(clientId, [...unreachable].join(', '))
  throw new Refusal('NOT_FOUND', 'CLIENT_NOT_FOUND', `there is no session of client ${JSON.stringify(clientId)}`)
}

export const homeUnreachable = (clientId: string, name: string) =>
  new Refusal(
    'UNAVAILABLE',
    'QUEUE_UNREACHABLE',
    `the home of client ${JSON.stringify(clientId)} (${name}) gives no answer`,
    {
      retryAfterMs: 1_000,
    },
  )

/** `QualityOfService` keeps 0 for what was not said. */
export const qosOf = (qos: number) => (qos + 1) as 1 | 2 | 3

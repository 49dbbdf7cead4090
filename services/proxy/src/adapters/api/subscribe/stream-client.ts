import type { ConnectedClient } from '../../../core/clients/connected-client.ts'
import { describeConnection, inflightOf, subscriptionsOf, unsettledOf } from '../../connection/describing.ts'
import type { Session } from '../../connection/session.ts'

/** A subscriber's stream as operators see it. */
export function streamClient(session: Session, address: string, connectedAtMs: number): ConnectedClient {
  const delivery = () => session.parts.delivery
  return {
    describe: () => ({ ...describeConnection(session, { address, connectedAtMs }), protocol: 'gRPC' }),
    inflight() {
      const known = delivery()
      return known === undefined ? [] : inflightOf(known)
    },
    subscriptions() {
      const known = delivery()
      return known === undefined ? [] : subscriptionsOf(known)
    },
    endsWithConnection: !session.persists,
    unsettled() {
      const known = delivery()
      return known === undefined ? new Map() : unsettledOf(known)
    },
    disconnected({ connection, reasonCode, reason }) {
      if (session.isAtMost(connection)) session.connection.close(reasonCode, reason)
    },
  }
}

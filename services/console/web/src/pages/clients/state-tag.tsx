import type { ClientJson } from '../../gen/tern/v1/clients_pb.js'

export const isConnected = ({ state }: ClientJson): boolean => state === 'CLIENT_STATE_CONNECTED'

export function StateTag({ client }: Readonly<{ client: ClientJson }>) {
  return isConnected(client) ? <span className="tag ok">● connected</span> : <span className="tag">○ away</span>
}

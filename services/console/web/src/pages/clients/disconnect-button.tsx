import { useState } from 'react'
import type { DisconnectClientsResponseJson } from '../../gen/tern/v1/clients_pb.js'
import { call } from '../../lib/api.ts'
import { count, whole } from '../../lib/format.ts'
import { Confirm } from '../../parts/confirm.tsx'

type DisconnectProps = Readonly<{ ids: readonly string[]; filter: string; matching: number | undefined; done(): void }>

/** The selected ones, or all that match; how many that is, is asked for first. */
export function DisconnectButton({ ids, filter, matching, done }: DisconnectProps) {
  const [request, setRequest] = useState<object>()
  const [planned, setPlanned] = useState<number>()
  const begin = (next: object) => {
    setRequest(next)
    setPlanned(undefined)
    void call<DisconnectClientsResponseJson>('ClientService/DisconnectClients', { ...next, validateOnly: true }).then(
      ({ disconnected = 0 }) => setPlanned(disconnected),
      () => {},
    )
  }
  return (
    <>
      {ids.length === 0 ? null : (
        <button type="button" className="button danger" onClick={() => begin({ clientIds: ids })}>
          Disconnect {count(ids.length, 'selected client')}
        </button>
      )}
      {filter === '' ? null : (
        <button type="button" className="button" onClick={() => begin({ filter })}>
          Disconnect all that match{matching === undefined ? '' : ` (${whole(matching)})`}
        </button>
      )}
      {request === undefined ? null : (
        <Confirm
          title="Disconnect clients"
          act="Disconnect"
          run={() => call('ClientService/DisconnectClients', request).then(done)}
          close={() => setRequest(undefined)}
        >
          <p>
            {planned === undefined ? 'Their connections are' : `${count(planned, 'connection')} would be`} ended with
            reason 0x98, administrative action. Their wills fire; their sessions go on, and most clients connect again
            at once.
          </p>
        </Confirm>
      )}
    </>
  )
}

import { useNavigate, useParams } from '@tanstack/react-router'
import { useState } from 'react'
import type { ClientJson, GetClientResponseJson } from '../../gen/tern/v1/clients_pb.js'
import { call } from '../../lib/api.ts'
import { spanOf, whole } from '../../lib/format.ts'
import { useCall } from '../../lib/use-call.ts'
import { Confirm } from '../../parts/confirm.tsx'
import { CopyButton } from '../../parts/copy-button.tsx'
import { Page } from '../../parts/page.tsx'
import { Answered } from '../../parts/states.tsx'
import { Tabs } from '../../parts/tabs.tsx'
import { ZoneName } from '../../parts/zone.tsx'
import { ClientEvents } from './client-events.tsx'
import { InflightTab, MessagesTab, QueueTab, SubscriptionsTab, WillTab } from './client-tabs.tsx'
import { isConnected, StateTag } from './state-tag.tsx'

export function ClientPage() {
  const { clientId = '' } = useParams({ strict: false }) as { clientId?: string }
  const query = useCall<GetClientResponseJson>('ClientService/GetClient', { clientId }, { every: 2_000 })
  const client = query.data?.client
  const actions = client === undefined ? null : <Actions client={client} />
  return (
    <Page title={<span className="mono">{clientId}</span>} name={clientId} actions={actions}>
      <Answered query={query}>
        {({ client: shown = {}, subscriptions = [] }) => (
          <>
            <Summary client={shown} />
            <Tabs
              tabs={[
                [
                  'subscriptions',
                  `Subscriptions ${subscriptions.length}`,
                  () => <SubscriptionsTab subscriptions={subscriptions} />,
                ],
                ['inflight', `In flight ${shown.inflight ?? 0}`, () => <InflightTab clientId={clientId} />],
                ['queue', 'Queue', () => <QueueTab clientId={clientId} />],
                ['events', 'Events', () => <ClientEvents clientId={clientId} />],
                ['messages', 'Messages', () => <MessagesTab clientId={clientId} />],
                ['will', 'Will', () => <WillTab will={shown.will} />],
              ]}
            />
          </>
        )}
      </Answered>
    </Page>
  )
}

function Summary({ client }: Readonly<{ client: ClientJson }>) {
  const {
    proxy,
    zone,
    homeBroker,
    homeZone,
    homeQueue,
    inflight = 0,
    receiveMaximum,
    lastReason,
    lastReasonCode = 0,
  } = client
  const since = Date.parse((isConnected(client) ? client.connectedAt : client.disconnectedAt) ?? '')
  const long = Number.isNaN(since) ? '' : ` since ${new Date(since).toLocaleString()}`
  const facts: readonly (readonly [string, string | undefined])[] = [
    ['protocol', client.protocol],
    ['address', client.address],
    ['user', client.principal],
    ['keep alive', spanOf(client.keepAlive)],
    ['session kept for', spanOf(client.sessionExpiry)],
    ['clean start', client.cleanStart ? 'yes' : 'no'],
    ['published', whole(Number(client.published ?? 0))],
    ['delivered', whole(Number(client.delivered ?? 0))],
    ['dropped', whole(Number(client.dropped ?? 0))],
    ['queued, about', Number(client.queued ?? -1) < 0 ? undefined : whole(Number(client.queued))],
    ['last reason', lastReason ? `${lastReason} (0x${lastReasonCode.toString(16).padStart(2, '0')})` : undefined],
  ]
  return (
    <section className="card stack">
      <p className="row">
        <StateTag client={client} />
        <span>
          {isConnected(client) ? `Connected to ${proxy}` : `Away, last on ${proxy}`}
          {long}; session held by {homeBroker} for queue {homeQueue ?? 0}; {inflight} of{' '}
          {receiveMaximum || 'any number'} in flight.
        </span>
      </p>
      <p className="row small">
        connection <ZoneName zone={zone} /> session <ZoneName zone={homeZone} />
      </p>
      <dl className="facts">
        {facts.map(([name, value]) =>
          value === undefined || value === '' ? null : (
            <div key={name}>
              <dt>{name}</dt>
              <dd className="breakable">{value}</dd>
            </div>
          ),
        )}
      </dl>
    </section>
  )
}

function Actions({ client }: Readonly<{ client: ClientJson }>) {
  const [act, setAct] = useState<'disconnect' | 'delete'>()
  const navigate = useNavigate()
  const { clientId = '' } = client
  const close = () => setAct(undefined)
  return (
    <>
      <CopyButton name="Copy as JSON" text={JSON.stringify(client, null, 2)} />
      <button type="button" className="button" disabled={!isConnected(client)} onClick={() => setAct('disconnect')}>
        Disconnect
      </button>
      <button type="button" className="button danger" onClick={() => setAct('delete')}>
        Delete session
      </button>
      {act === 'disconnect' ? (
        <Confirm
          title="Disconnect this client"
          act="Disconnect"
          run={() => call('ClientService/DisconnectClients', { clientIds: [clientId] })}
          close={close}
        >
          <p>
            Its connection ends with reason 0x98. Its will fires; its session goes on, and most clients connect again at
            once.
          </p>
        </Confirm>
      ) : null}
      {act === 'delete' ? (
        <Confirm
          title="Delete this session"
          act="Delete session"
          run={() => call('ClientService/DeleteSession', { clientId }).then(() => navigate({ to: '/clients' }))}
          close={close}
        >
          <p>
            Its connection ends, and its {client.subscriptions ?? 0} subscriptions with all that waits for them are
            forgotten. That cannot be undone.
          </p>
        </Confirm>
      ) : null}
    </>
  )
}

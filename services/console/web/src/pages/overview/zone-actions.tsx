import { useState } from 'react'
import type { DrainResponseJson, ZoneJson } from '../../gen/tern/v1/cluster_pb.js'
import { ask, call } from '../../lib/api.ts'
import { count } from '../../lib/format.ts'
import { Confirm } from '../../parts/confirm.tsx'
import { useSession } from '../../shell/session-gate.tsx'
import { lookOfZone } from './zone-state.ts'

type Act = 'drain' | 'kill' | 'heal'

/** Drain anywhere; kill and heal where the region is one machine's. */
export function ZoneActions({ zone, owned }: Readonly<{ zone: ZoneJson; owned: number }>) {
  const { dev = false } = useSession()
  const [act, setAct] = useState<Act>()
  const [plan, setPlan] = useState<DrainResponseJson>()
  const [healing, setHealing] = useState(false)
  const { name = '' } = zone
  const draining = zone.state === 'MEMBER_STATE_DRAINING'
  const { word } = lookOfZone(zone)
  const down = word === 'down'
  const begin = (next: Act) => {
    setAct(next)
    if (next !== 'drain') return
    setPlan(undefined)
    void call<DrainResponseJson>('ClusterService/Drain', { zone: name, draining: !draining, validateOnly: true }).then(
      setPlan,
      () => {},
    )
  }
  const heal = () => {
    setHealing(true)
    void ask('zones/heal', { zone: name }).finally(() => setHealing(false))
  }
  const close = () => setAct(undefined)
  return (
    <div className="row zone-actions">
      <button type="button" className="button small" disabled={down} onClick={() => begin('drain')}>
        {draining ? 'End drain' : 'Drain'} <span className="visually-hidden">{name}</span>
      </button>
      {dev ? (
        <>
          <button type="button" className="button small danger" disabled={down} onClick={() => begin('kill')}>
            Kill <span className="visually-hidden">{name}</span>
          </button>
          <button type="button" className="button small" disabled={healing || word === 'healthy'} onClick={heal}>
            {healing ? 'Healing …' : 'Heal'} <span className="visually-hidden">{name}</span>
          </button>
        </>
      ) : null}
      {act === 'drain' ? (
        <Confirm
          harmless
          title={draining ? `Let queues back to ${name}` : `Drain ${name}`}
          act={draining ? 'End drain' : 'Drain'}
          run={() => call('ClusterService/Drain', { zone: name, draining: !draining })}
          close={close}
        >
          <p>
            {draining
              ? `Queues may come back to ${name}, a few at a time.`
              : `${plan === undefined ? 'Its queues move' : `${count(plan.queues ?? owned, 'queue')} of ${(plan.brokers ?? []).join(', ')} move`} to the other zones, one after another, without a pause that clients notice. Clients stay connected.`}
          </p>
        </Confirm>
      ) : null}
      {act === 'kill' ? (
        <Confirm
          title={`Kill ${name}`}
          act={`Kill ${name}`}
          run={() => ask('zones/kill', { zone: name })}
          close={close}
        >
          <p>
            kill -9 of all its processes: its clients lose their connections, and {count(owned, 'queue')} go to the
            other zones. Nothing that was acknowledged is lost. It stays down until it is healed.
          </p>
        </Confirm>
      ) : null}
    </div>
  )
}

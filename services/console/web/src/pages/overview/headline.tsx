import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import type { TopologyJson } from '../../gen/tern/v1/cluster_pb.js'
import { millis, short, span, whole } from '../../lib/format.ts'
import type { Sample } from '../../lib/use-topology.ts'
import { Sparkline } from '../../parts/sparkline.tsx'

type FigureProps = Readonly<{
  name: string
  value: ReactNode
  unit: string
  to: string
  values: readonly (number | null)[]
}>

function Figure({ name, value, unit, to, values }: FigureProps) {
  return (
    <li className="figure">
      <Link to={to}>
        <span className="figure-name">{name}</span>
        <span className="figure-value">
          {value} <small>{unit}</small>
        </span>
      </Link>
      <Sparkline values={values} label={`${name} over the last 15 minutes`} />
    </li>
  )
}

/** Five figures that say whether the region is well, each with where it came from. */
export function Headline({ topology, samples }: Readonly<{ topology: TopologyJson; samples: readonly Sample[] }>) {
  const { clients = 0, sessions = 0, publishesPerSecond, deliveriesPerSecond, ...delays } = topology.headline ?? {}
  const p99 = millis(delays.publishToDeliverP99)
  const oldest = millis(delays.oldestUnacked)
  return (
    <ul className="headline">
      <Figure
        name="Connected clients"
        value={whole(clients)}
        unit={`of ${short(sessions)} sessions`}
        to="/clients"
        values={samples.map((each) => each.clients)}
      />
      <Figure
        name="Published"
        value={short(Number(publishesPerSecond ?? 0))}
        unit="a second"
        to="/topics"
        values={samples.map((each) => each.publishes)}
      />
      <Figure
        name="Delivered"
        value={short(Number(deliveriesPerSecond ?? 0))}
        unit="a second"
        to="/subscriptions"
        values={samples.map((each) => each.deliveries)}
      />
      <Figure
        name="Publish to deliver, p99"
        value={p99 === undefined ? '–' : span(p99)}
        unit={p99 === undefined ? 'nothing delivered' : 'last 10 s'}
        to="/traces"
        values={samples.map((each) => each.p99)}
      />
      <Figure
        name="Oldest unacknowledged"
        value={oldest === undefined ? '–' : span(oldest)}
        unit={oldest === undefined ? 'none waits' : 'old'}
        to="/groups"
        values={samples.map((each) => each.oldest)}
      />
    </ul>
  )
}

import { lazy, Suspense } from 'react'
import { clock } from '../../lib/format.ts'
import { useSearchText } from '../../lib/use-search.ts'
import { useTopology } from '../../lib/use-topology.ts'
import { Page } from '../../parts/page.tsx'
import { Loading, Partial } from '../../parts/states.tsx'
import { AttentionList } from './attention-list.tsx'
import { FailoverTimeline } from './failover-timeline.tsx'
import { FirstSteps } from './first-steps.tsx'
import { Headline } from './headline.tsx'
import { MembersTable } from './members-table.tsx'
import { ZoneMap } from './zone-map.tsx'
import './overview.css'

const Charts = lazy(() =>
  import('../../parts/metric-charts.tsx').then(({ MetricCharts }) => ({ default: MetricCharts })),
)

export function OverviewPage() {
  const { topology, samples } = useTopology()
  const [search, setSearch] = useSearchText()
  if (topology === undefined) {
    return (
      <Page title="Overview">
        <Loading what="Asking the region what it looks like" />
      </Page>
    )
  }
  const past = samples.find(({ time }) => time >= Number(search['at'] ?? Number.NaN))
  const asTable = search['view'] === 'table'
  const viewButton = (
    <button
      type="button"
      className="button small"
      aria-pressed={asTable}
      onClick={() => setSearch({ view: asTable ? '' : 'table' })}
    >
      View as table
    </button>
  )
  return (
    <Page
      title="Overview"
      note={`${topology.zones?.length ?? 0} zones, ${topology.owners?.length ?? 0} queues`}
      actions={viewButton}
    >
      <Headline topology={topology} samples={samples} />
      <Partial missing={topology.unreachable} />
      <AttentionList attention={topology.attention ?? []} />
      {past === undefined ? null : (
        <p className="note warn spread" role="status">
          <span>
            The map shows <strong>{clock(past.time, Date.now())}</strong>, not now.
          </span>
          <button type="button" className="button small" onClick={() => setSearch({ at: '' })}>
            Back to now
          </button>
        </p>
      )}
      {asTable ? <MembersTable topology={topology} /> : <ZoneMap topology={topology} past={past} />}
      <FailoverTimeline
        samples={samples}
        at={past?.time}
        setAt={(time) => setSearch({ at: time === undefined ? '' : String(time) })}
      />
      {topology.headline?.clients === 0 ? <FirstSteps topology={topology} /> : null}
      <Suspense fallback={<Loading what="Charts" />}>
        <Charts samples={samples} />
      </Suspense>
    </Page>
  )
}

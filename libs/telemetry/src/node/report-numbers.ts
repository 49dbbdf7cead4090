import { control, numbers } from '@tern/proto'
import { createRouteWatcher, type RouteWatcher } from '@tern/routing'
import { connectClient, unaryCall } from '@tern/rpc'
import type { Clock } from '@tern/runtime'
import { Histogram } from '../histogram.ts'
import { type MetricSpec, prometheusName } from '../metric-spec.ts'
import type { Family, Metrics } from '../metrics.ts'

/** Trace services keep what they are told by the second. */
const everyMs = 1_000
/** Who takes longer misses a second. */
const withinMs = 900

export type ReportOptions = Readonly<{
  /** Each service of the process. */
  metrics: readonly Metrics[]
  zone: string
  nameservers: readonly string[]
  clock: Clock
  /** Who is a member; of the nameservers when left out. */
  routes?: RouteWatcher
}>

/** Tells every trace service of the region what the process counts, once a second; where there is none nothing is even read. */
export function reportNumbers(options: ReportOptions): Readonly<{ stop(): void }> {
  const { metrics, zone, nameservers, clock } = options
  const routes = options.routes ?? createRouteWatcher({ addresses: nameservers, clock })
  const targets = new Map<string, Target>()
  let stopped = false
  const tell = () => {
    if (stopped) return
    const members = routes
      .table()
      .members()
      .filter(({ kind }) => kind === control.MemberKind.TRACE)
    const addresses = new Set(members.map(({ address }) => address))
    for (const [address, target] of targets) {
      if (addresses.has(address)) continue
      target.close()
      targets.delete(address)
    }
    if (addresses.size > 0) {
      const request = reportOf(metrics, zone)
      for (const address of addresses) {
        const target = targets.get(address) ?? targetAt(address)
        targets.set(address, target)
        target.tell(request)
      }
    }
    clock.after(everyMs, tell)
  }
  clock.after(everyMs, tell)
  return {
    stop() {
      stopped = true
      routes.stop()
      for (const target of targets.values()) target.close()
    },
  }
}

type Target = Readonly<{ tell(request: numbers.ReportRequest): void; close(): void }>

function targetAt(address: string): Target {
  const client = connectClient(address)
  let busy = false
  return {
    tell(request) {
      if (busy) return
      busy = true
      unaryCall(client, numbers.NumbersServiceService.report, request, withinMs)
        // It will be told the next second, or is seen to be dead.
        .catch(() => {})
        .finally(() => {
          busy = false
        })
    },
    close: () => client.close(),
  }
}

const kinds = {
  counter: numbers.NumberKind.COUNTER,
  gauge: numbers.NumberKind.GAUGE,
  histogram: numbers.NumberKind.HISTOGRAM,
} as const satisfies Record<MetricSpec['kind'], numbers.NumberKind>

export function reportOf(metrics: readonly Metrics[], zone: string): numbers.ReportRequest {
  const members = metrics.map((each) => ({
    member: `${each.service}-${zone.replace(/^az-/, '')}`,
    zone,
    families: each.collect().map(familyOf),
  }))
  return { members }
}

function familyOf({ name, spec, points }: Family): numbers.NumberFamily {
  const { kind, unit, help, labels = [] } = spec
  const [first] = points
  const bounds = first !== undefined && first[1] instanceof Histogram ? [...first[1].bounds] : []
  return {
    ...{ name: prometheusName(name, spec), kind: kinds[kind], unit, help, bounds },
    labels: labels.map((label) => label.replaceAll('.', '_')),
    points: points.map(([labelValues, value]) =>
      typeof value === 'number'
        ? { labelValues: [...labelValues], value, counts: [] }
        : { labelValues: [...labelValues], value: 0, counts: [...value.counts] },
    ),
  }
}

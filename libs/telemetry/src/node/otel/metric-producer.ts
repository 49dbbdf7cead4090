import { type HrTime, ValueType } from '@opentelemetry/api'
import { emptyResource } from '@opentelemetry/resources'
import {
  AggregationTemporality,
  type DataPoint,
  DataPointType,
  type MetricData,
  type MetricProducer,
  type Histogram as SdkHistogram,
} from '@opentelemetry/sdk-metrics'
import type { Clock } from '@tern/runtime'
import { Histogram } from '../../histogram.ts'
import type { Family, Metrics, Point } from '../../metrics.ts'

/** Our numbers as the SDK's readers ask for them: read at that moment, cumulative since the process began. */
export function metricProducer(metrics: readonly Metrics[], clock: Clock): MetricProducer {
  const startTime = hrTime(clock.now())
  return {
    async collect() {
      const endTime = hrTime(clock.now())
      const scopeMetrics = metrics.map((each) => ({
        scope: { name: `tern.${each.service}` },
        metrics: each.collect().map((family) => dataOf(family, startTime, endTime)),
      }))
      return { resourceMetrics: { resource: emptyResource(), scopeMetrics }, errors: [] }
    },
  }
}

const hrTime = (ms: number): HrTime => [Math.floor(ms / 1000), (ms % 1000) * 1e6]

function dataOf({ name, spec, points }: Family, startTime: HrTime, endTime: HrTime): MetricData {
  const common = {
    descriptor: { name, description: spec.help, unit: spec.unit, valueType: ValueType.DOUBLE },
    aggregationTemporality: AggregationTemporality.CUMULATIVE,
  }
  const pointOf = <Value>(labels: readonly string[], value: Value): DataPoint<Value> => {
    const attributes = Object.fromEntries((spec.labels ?? []).map((label, i) => [label, labels[i] ?? '']))
    return { startTime, endTime, attributes, value }
  }
  if (spec.kind === 'histogram') {
    const dataPoints = points.flatMap(([labels, value]) =>
      value instanceof Histogram ? pointOf(labels, sdkHistogram(value)) : [],
    )
    return { ...common, dataPointType: DataPointType.HISTOGRAM, dataPoints }
  }
  const isNumber = (point: Point<number | Histogram>): point is Point<number> => typeof point[1] === 'number'
  const dataPoints = points.filter(isNumber).map(([labels, value]) => pointOf(labels, value))
  if (spec.kind === 'gauge') return { ...common, dataPointType: DataPointType.GAUGE, dataPoints }
  return { ...common, dataPointType: DataPointType.SUM, isMonotonic: true, dataPoints }
}

const sdkHistogram = ({ bounds, counts, sum, count }: Histogram): SdkHistogram => ({
  buckets: { boundaries: [...bounds], counts: [...counts] },
  sum,
  count,
})

import { monitorEventLoopDelay, performance } from 'node:perf_hooks'
import { getHeapStatistics } from 'node:v8'
import type { Clock } from '@tern/runtime'
import type { MetricSpecs } from '../metric-spec.ts'
import { createMetrics, type Metrics, type Point } from '../metrics.ts'

/** Of a process, whatever runs in it. Names are those of OpenTelemetry. */
export const processMetricSpecs = {
  'process.cpu.time': { kind: 'counter', unit: 's', help: 'CPU time that the process took.', labels: ['cpu_mode'] },
  'process.memory.usage': { kind: 'gauge', unit: 'By', help: 'Memory of the process that is in RAM.' },
  'process.uptime': { kind: 'gauge', unit: 's', help: 'Since the process started.' },
  'v8js.memory.heap.used': { kind: 'gauge', unit: 'By', help: 'Heap of JavaScript that is in use.' },
  'v8js.memory.heap.limit': { kind: 'gauge', unit: 'By', help: 'What that heap may grow to, then the process ends.' },
  'nodejs.external.memory': { kind: 'gauge', unit: 'By', help: 'Buffers and other memory that is held from the heap.' },
  'nodejs.eventloop.delay': {
    kind: 'gauge',
    unit: 's',
    help: 'How much later than wanted the event loop came to a task, in the last ten seconds; 100 is the greatest.',
    labels: ['percentile'],
  },
  'nodejs.eventloop.utilization': {
    kind: 'gauge',
    unit: '1',
    help: 'Part of the last ten seconds in which the event loop was busy.',
  },
} as const satisfies MetricSpecs

const windowMs = 10_000
const delayResolutionMs = 20
const nanosecondsPerSecond = 1e9
const microsecondsPerSecond = 1e6

export function processMetrics(clock: Clock): Metrics {
  const eventLoop = watchEventLoop(clock)
  return createMetrics('process', processMetricSpecs, {
    'process.cpu.time': () => {
      const { user, system } = process.cpuUsage()
      return [
        [['user'], user / microsecondsPerSecond],
        [['system'], system / microsecondsPerSecond],
      ]
    },
    'process.memory.usage': () => process.memoryUsage.rss(),
    'process.uptime': () => process.uptime(),
    'v8js.memory.heap.used': () => getHeapStatistics().used_heap_size,
    'v8js.memory.heap.limit': () => getHeapStatistics().heap_size_limit,
    'nodejs.external.memory': () => process.memoryUsage().external,
    'nodejs.eventloop.delay': () => eventLoop().delay,
    'nodejs.eventloop.utilization': () => eventLoop().utilization,
  })
}

type Window = Readonly<{ delay: Point<number>[]; utilization: number }>

/** In windows of its own, since several may ask, each at another time. */
function watchEventLoop(clock: Clock): () => Window {
  const monitor = monitorEventLoopDelay({ resolution: delayResolutionMs })
  monitor.enable()
  let before = performance.eventLoopUtilization()
  // The monitor's own interval is no delay.
  const late = (nanoseconds: number) =>
    monitor.count === 0 ? 0 : Math.max(0, nanoseconds / nanosecondsPerSecond - delayResolutionMs / 1000)
  const look = (): Window => ({
    delay: [
      [['50'], late(monitor.percentile(50))],
      [['99'], late(monitor.percentile(99))],
      [['100'], late(monitor.max)],
    ],
    utilization: performance.eventLoopUtilization(before).utilization,
  })
  let last: Window | undefined
  const turn = () => {
    last = look()
    monitor.reset()
    before = performance.eventLoopUtilization()
    clock.after(windowMs, turn)
  }
  clock.after(windowMs, turn)
  return () => last ?? look()
}

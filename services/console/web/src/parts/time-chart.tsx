import { useEffect, useRef, useState } from 'react'
import uPlot from 'uplot'
import 'uplot/dist/uPlot.min.css'

type Series = Readonly<{ name: string; values: readonly (number | null)[]; zone?: number }>

type TimeChartProps = Readonly<{
  title: string
  format(value: number): string
  /** Seconds since the Unix epoch. */
  times: readonly number[]
  series: readonly Series[]
}>

const height = 132
const zoneColours = ['--zone-a', '--zone-b', '--zone-c', '--zone-d']

/** A figure with its newest values in words; the canvas itself says nothing to who cannot see it. */
export function TimeChart({ title, format, times, series }: TimeChartProps) {
  const place = useRef<HTMLDivElement>(null)
  const chart = useRef<uPlot>(undefined)
  const theme = useThemeCount()
  const shape = series.map(({ name }) => name).join()
  // biome-ignore lint/correctness/useExhaustiveDependencies: drawn anew only when its shape or colours change; data come below.
  useEffect(() => {
    const element = place.current
    if (element === null) return
    const made = new uPlot(optionsOf(element.clientWidth, series, format), [[], ...series.map(() => [])], element)
    chart.current = made
    const resized = new ResizeObserver(() => made.setSize({ width: element.clientWidth, height }))
    resized.observe(element)
    return () => {
      resized.disconnect()
      made.destroy()
    }
  }, [shape, theme])
  useEffect(() => {
    chart.current?.setData([times as number[], ...series.map(({ values }) => values as number[])])
  })
  const now = series.map(({ name, values }) => {
    const last = values.at(-1)
    const text = last === null || last === undefined ? 'none' : format(last)
    return { name, text }
  })
  return (
    <figure className="card chart">
      <figcaption className="spread">
        <h3>{title}</h3>
        <span className="small row">
          {now.map(({ name, text }, i) =>
            series.length === 1 ? (
              <strong key={name}>{text}</strong>
            ) : (
              <span key={name} className="zone-name" data-zone={series[i]?.zone ?? 3}>
                {name} {text}
              </span>
            ),
          )}
        </span>
      </figcaption>
      <div ref={place} aria-hidden="true" />
    </figure>
  )
}

function optionsOf(width: number, series: readonly Series[], format: (value: number) => string): uPlot.Options {
  const style = getComputedStyle(document.documentElement)
  const colour = (name: string) => style.getPropertyValue(name).trim()
  const axis = {
    stroke: colour('--muted'),
    grid: { stroke: colour('--line'), width: 1 },
    ticks: { show: false },
    font: '11px system-ui',
  }
  return {
    ...{ width, height, legend: { show: false } },
    cursor: { points: { size: 6 } },
    scales: { y: { range: (_, __, max) => [0, max > 0 ? max * 1.12 : 1] } },
    axes: [
      { ...axis, space: 70, values: '{HH}:{mm}' },
      { ...axis, size: 58, values: (_, splits) => splits.map(format) },
    ],
    series: [
      {},
      ...series.map(({ name, zone }) => {
        const stroke = colour(zone === undefined ? '--accent' : (zoneColours[zone] ?? '--zone-d'))
        return {
          label: name,
          stroke,
          width: 1.6,
          points: { show: false },
          ...(zone === undefined ? { fill: `${stroke}1f` } : {}),
        }
      }),
    ],
  }
}

/** Changes when the colours do. */
function useThemeCount(): number {
  const [count, setCount] = useState(0)
  useEffect(() => {
    const changed = () => setCount((n) => n + 1)
    const system = matchMedia('(prefers-color-scheme: dark)')
    window.addEventListener('tern-theme', changed)
    system.addEventListener('change', changed)
    return () => {
      window.removeEventListener('tern-theme', changed)
      system.removeEventListener('change', changed)
    }
  }, [])
  return count
}

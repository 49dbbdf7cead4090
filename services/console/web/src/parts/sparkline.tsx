type SparklineProps = Readonly<{ values: readonly (number | null)[]; label: string }>

const [width, height] = [160, 34]

/** A small chart without axes: the figure beside it says how much, this says where it goes. */
export function Sparkline({ values, label }: SparklineProps) {
  const known = values.filter((value) => value !== null)
  const max = Math.max(...known, 0) * 1.1 || 1
  const step = width / Math.max(1, values.length - 1)
  const at = (value: number) => height - 2 - (value / max) * (height - 4)
  const points = values.flatMap((value, i) =>
    value === null ? [] : [`${(i * step).toFixed(1)},${at(value).toFixed(1)}`],
  )
  if (points.length < 2) return <svg className="sparkline" viewBox={`0 0 ${width} ${height}`} aria-hidden="true" />
  const first = points[0]?.split(',')[0]
  const last = points.at(-1)?.split(',')[0]
  return (
    <svg
      className="sparkline"
      viewBox={`0 0 ${width} ${height}`}
      preserveAspectRatio="none"
      role="img"
      aria-label={label}
    >
      <path className="area" d={`M${first},${height} L${points.join(' L')} L${last},${height} Z`} />
      <polyline points={points.join(' ')} />
    </svg>
  )
}

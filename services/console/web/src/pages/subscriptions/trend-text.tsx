import { short, span } from '../../lib/format.ts'
import type { Trend } from './lag.ts'

const signs = { growing: '▲', shrinking: '▼', steady: '▬', 'not known yet': '' }

export function TrendText({ trend: { word, perSecond, drainedInMs } }: Readonly<{ trend: Trend }>) {
  const moves = word === 'growing' || word === 'shrinking'
  return (
    <span className={`nowrap ${word === 'growing' ? 'bad-text' : word === 'shrinking' ? 'ok-text' : 'muted'}`}>
      <span aria-hidden="true">{signs[word]}</span> {word}
      {moves ? ` by ${short(Math.abs(perSecond))}/s` : ''}
      {drainedInMs === undefined ? '' : `, through in ${span(drainedInMs)}`}
    </span>
  )
}

import { Link } from '@tanstack/react-router'
import { count } from '../../lib/format.ts'

const drawnMax = 64

/** The queues a zone owns now, one cell each: a cell that has just come lights up once. */
export function OwnedQueues({ owned, total }: Readonly<{ owned: readonly number[]; total: number }>) {
  const share = total === 0 ? 0 : Math.round((100 * owned.length) / total)
  return (
    <div className="owned">
      <p className="spread small">
        <span className="muted">owns</span>
        <span>
          <strong>{count(owned.length, 'queue')}</strong>{' '}
          <span className="muted">
            of {total}, {share} %
          </span>
        </span>
      </p>
      {owned.length > drawnMax ? null : (
        <ul className="cells" aria-label="Queues owned">
          {owned.map((queue) => (
            <li key={queue}>
              <Link to="/queues" search={{ q: String(queue) } as never} aria-label={`Queue ${queue}`}>
                {queue}
              </Link>
            </li>
          ))}
        </ul>
      )}
    </div>
  )
}

import { Link } from '@tanstack/react-router'
import type { AttentionJson } from '../../gen/tern/v1/cluster_pb.js'

const shownMax = 5

/** What somebody should look at; nothing is a good sign. */
export function AttentionList({ attention }: Readonly<{ attention: readonly AttentionJson[] }>) {
  if (attention.length === 0) return null
  return (
    <ul className="attention" aria-label="What needs attention">
      {attention.slice(0, shownMax).map(({ kind = '', text = '', link = '' }) => (
        <li key={`${kind}${text}`}>
          <span className="tag warn">{kind.replaceAll('-', ' ')}</span>
          <span className="breakable">{text}</span>
          {link.startsWith('/') ? <Link to={link}>look</Link> : null}
        </li>
      ))}
    </ul>
  )
}

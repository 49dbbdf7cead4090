import { visible } from '../lib/payload.ts'

/** Deeper ones are folded until they are opened. */
const openDepth = 2
const childrenMax = 200

export function JsonTree({ value, depth = 0 }: Readonly<{ value: unknown; depth?: number }>) {
  if (typeof value !== 'object' || value === null) return <Leaf value={value} />
  const entries = Object.entries(value)
  const [open, close] = Array.isArray(value) ? ['[', ']'] : ['{', '}']
  if (entries.length === 0) return <span>{open + close}</span>
  return (
    <details open={depth < openDepth}>
      <summary>
        {open}
        <span className="muted"> {entries.length} </span>
        {close}
      </summary>
      {entries.slice(0, childrenMax).map(([name, child]) => (
        <div key={name}>
          <span className="key">{visible(name)}</span>: <JsonTree value={child} depth={depth + 1} />
        </div>
      ))}
      {entries.length > childrenMax ? <div className="muted">and {entries.length - childrenMax} more</div> : null}
    </details>
  )
}

function Leaf({ value }: Readonly<{ value: unknown }>) {
  if (typeof value === 'string') return <span className="text">"{visible(value)}"</span>
  return <span className="number">{String(value)}</span>
}

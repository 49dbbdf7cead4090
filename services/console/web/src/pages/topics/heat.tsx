import type { CSSProperties } from 'react'
import type { TopicNodeJson } from '../../gen/tern/v1/topics_pb.js'
import { bytes, short } from '../../lib/format.ts'
import { stripsOf } from './strips.ts'

/** Which branch floods: areas as large as the bytes of each. The table below says the same in figures. */
export function Heat({ nodes, go }: Readonly<{ nodes: readonly TopicNodeJson[]; go(path: string): void }>) {
  const weights = nodes.map((node) => ({ node, weight: Number(node.bytesPerSecond ?? 0) }))
  const strips = stripsOf(weights)
  if (strips.length === 0) return null
  return (
    <section className="heat" aria-label="Bytes a second by branch">
      {strips.map((strip) => (
        <div key={strip.cells[0]?.node.path} className="strip" style={{ flexGrow: strip.share }}>
          {strip.cells.map(({ node, share, heat }) => (
            <button
              key={node.path}
              type="button"
              style={{ flexGrow: share, '--heat': `${Math.round(heat * 70)}%` } as CSSProperties}
              title={`${node.path}: ${bytes(Number(node.bytesPerSecond ?? 0))} a second, ${short(Number(node.messagesPerSecond ?? 0))} messages`}
              onClick={() => (Number(node.children ?? 0) > 0 ? go(node.path ?? '') : undefined)}
            >
              <span className="cut">{node.name || '(empty)'}</span>
              <span className="small cut">{bytes(Number(node.bytesPerSecond ?? 0))}/s</span>
            </button>
          ))}
        </div>
      ))}
    </section>
  )
}

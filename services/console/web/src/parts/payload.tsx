import { useMemo, useState } from 'react'
import { bytes as sizeOf, whole } from '../lib/format.ts'
import { bytesOf, hexDump, textOf, visible } from '../lib/payload.ts'
import { CopyButton } from './copy-button.tsx'
import { JsonTree } from './json-tree.tsx'

type View = 'json' | 'text' | 'hex' | 'base64'

/** Shown at once; the rest when it is asked for. */
const previewBytes = 4_096
const shownMax = 1_048_576

type PayloadProps = Readonly<{ base64: string | undefined; name?: string }>

/** Always as text or as a tree of text: whatever a payload holds, the page never takes it for markup. */
export function Payload({ base64, name = 'payload' }: PayloadProps) {
  const bytes = useMemo(() => bytesOf(base64), [base64])
  const text = useMemo(() => textOf(bytes), [bytes])
  const json = useMemo(() => jsonIn(text), [text])
  const [chosen, setChosen] = useState<View>()
  const [all, setAll] = useState(false)
  const best: View = json !== undefined ? 'json' : text !== undefined ? 'text' : 'hex'
  const view = chosen ?? best
  const cut = !all && bytes.length > previewBytes
  const shown = cut ? bytes.subarray(0, previewBytes) : bytes.subarray(0, shownMax)
  if (bytes.length === 0) return <p className="muted">The payload is empty.</p>
  const views: readonly View[] = ['json', 'text', 'hex', 'base64']
  const possible = (each: View) => (each === 'json' ? json !== undefined : each !== 'text' || text !== undefined)
  return (
    <div className="stack tight">
      <div className="spread">
        <fieldset className="chips" aria-label="Show the payload as">
          {views.filter(possible).map((each) => (
            <button
              key={each}
              type="button"
              className="button small"
              aria-pressed={each === view}
              onClick={() => setChosen(each)}
            >
              {each}
            </button>
          ))}
        </fieldset>
        <span className="row small">
          <span className="muted">{sizeOf(bytes.length)}</span>
          <CopyButton text={text ?? base64 ?? ''} />
          <button type="button" className="button small" onClick={() => download(bytes, name)}>
            Download
          </button>
        </span>
      </div>
      {view === 'json' ? (
        <div className="payload json">
          <JsonTree value={json} />
        </div>
      ) : (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls is scrolled by keys too.
        <pre className={`payload ${view}`} tabIndex={0}>
          {view === 'hex' ? hexDump(shown).join('\n') : view === 'text' ? visible(textOf(shown) ?? text ?? '') : base64}
        </pre>
      )}
      {cut && view !== 'json' && view !== 'base64' ? (
        <button type="button" className="button small" onClick={() => setAll(true)}>
          Show all {whole(bytes.length)} bytes
        </button>
      ) : null}
    </div>
  )
}

/** Undefined: no JSON, or one that is a single word, which reads better as text. */
function jsonIn(text: string | undefined): unknown {
  if (text === undefined || text.length > shownMax || !/^\s*[[{]/.test(text)) return undefined
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function download(bytes: Uint8Array, name: string): void {
  // Of no type that a browser would show.
  const link = document.createElement('a')
  link.href = URL.createObjectURL(new Blob([bytes as Uint8Array<ArrayBuffer>], { type: 'application/octet-stream' }))
  link.download = name
  link.click()
  URL.revokeObjectURL(link.href)
}

import { useNavigate } from '@tanstack/react-router'
import { type KeyboardEvent, useState } from 'react'
import { Dialog } from '../parts/dialog.tsx'
import { jumpsOf } from './jumps.ts'
import { places } from './navigation.tsx'

const shownMax = 12

/** Jumps to a page, client, topic, message or trace by what is typed or pasted. */
export function Palette({ close }: Readonly<{ close(): void }>) {
  const [text, setText] = useState('')
  const [at, setAt] = useState(0)
  const navigate = useNavigate()
  const jumps = jumpsOf(text, places).slice(0, shownMax)
  const go = (to: string) => {
    close()
    void navigate({ href: to })
  }
  const move = (event: KeyboardEvent) => {
    if (event.key === 'ArrowDown') setAt((i) => Math.min(i + 1, jumps.length - 1))
    else if (event.key === 'ArrowUp') setAt((i) => Math.max(i - 1, 0))
    else if (event.key === 'Enter' && jumps[at]) go(jumps[at].to)
    else return
    event.preventDefault()
  }
  return (
    <Dialog title="Go to" close={close} className="palette">
      <input
        data-first
        role="combobox"
        aria-label="Page, client, topic, message or trace"
        aria-expanded="true"
        aria-controls="jumps"
        aria-activedescendant={`jump-${at}`}
        placeholder="Page, client id, topic, message id, trace id …"
        value={text}
        onChange={(event) => {
          setText(event.target.value)
          setAt(0)
        }}
        onKeyDown={move}
      />
      <div className="jumps" id="jumps" role="listbox" aria-label="Places">
        {jumps.map(({ to, name, kind }, i) => (
          // biome-ignore lint/a11y/useKeyWithClickEvents: keys are heard by the field that has the focus.
          <div
            key={`${kind}${to}`}
            id={`jump-${i}`}
            role="option"
            aria-selected={i === at}
            tabIndex={-1}
            onClick={() => go(to)}
          >
            <span className="cut">{name}</span>
            <span className="muted small nowrap">{kind}</span>
          </div>
        ))}
      </div>
    </Dialog>
  )
}

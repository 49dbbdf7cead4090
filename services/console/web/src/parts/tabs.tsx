import { type KeyboardEvent, type ReactNode, useId } from 'react'
import { useSearchText } from '../lib/use-search.ts'

type Tab = readonly [name: string, title: string, show: () => ReactNode]

/** Which one is shown is in the address. Arrow keys go from one to the next. */
export function Tabs({ tabs }: Readonly<{ tabs: readonly Tab[] }>) {
  const [search, setSearch] = useSearchText()
  const id = useId()
  const first = tabs[0]
  const shown = tabs.find(([name]) => name === search['tab']) ?? first
  const select = (name: string) => setSearch({ tab: name === first?.[0] ? '' : name })
  const move = (event: KeyboardEvent<HTMLElement>) => {
    const by = event.key === 'ArrowRight' ? 1 : event.key === 'ArrowLeft' ? -1 : 0
    if (by === 0) return
    const to = tabs[(tabs.indexOf(shown ?? tabs[0]!) + by + tabs.length) % tabs.length]
    if (to === undefined) return
    select(to[0])
    document.getElementById(`${id}${to[0]}`)?.focus()
  }
  return (
    <div className="stack">
      <div className="tabs" role="tablist">
        {tabs.map(([name, title]) => (
          <button
            key={name}
            id={id + name}
            type="button"
            role="tab"
            aria-selected={name === shown?.[0]}
            aria-controls={`${id}panel`}
            tabIndex={name === shown?.[0] ? 0 : -1}
            onClick={() => select(name)}
            onKeyDown={move}
          >
            {title}
          </button>
        ))}
      </div>
      <div role="tabpanel" id={`${id}panel`} aria-labelledby={id + (shown?.[0] ?? '')} className="stack">
        {shown?.[2]()}
      </div>
    </div>
  )
}

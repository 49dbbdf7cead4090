import { type ReactNode, useEffect } from 'react'

type PageProps = Readonly<{
  title: ReactNode
  /** Of the tab, when the title is more than words. */
  name?: string
  note?: ReactNode
  actions?: ReactNode
  children: ReactNode
}>

export function Page({ title, name, note, actions, children }: PageProps) {
  const tab = name ?? (typeof title === 'string' ? title : '')
  useEffect(() => {
    document.title = `${tab} · TernMQ`
  }, [tab])
  return (
    <div className="stack">
      <div className="spread">
        <div>
          <h1 className="breakable">{title}</h1>
          {note === undefined ? null : <p className="muted">{note}</p>}
        </div>
        {actions === undefined ? null : <div className="row">{actions}</div>}
      </div>
      {children}
    </div>
  )
}

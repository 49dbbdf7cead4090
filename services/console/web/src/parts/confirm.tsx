import { type ReactNode, useState } from 'react'
import { Dialog } from './dialog.tsx'
import { Failed } from './states.tsx'

type ConfirmProps = Readonly<{
  title: string
  /** What will happen, with numbers. */
  children: ReactNode
  /** A verb with its object. */
  act: string
  run(): Promise<unknown>
  close(): void
  harmless?: boolean
}>

/** Before anything that somebody else would notice. */
export function Confirm({ title, children, act, run, close, harmless = false }: ConfirmProps) {
  const [error, setError] = useState<Error>()
  const [busy, setBusy] = useState(false)
  const go = () => {
    setBusy(true)
    setError(undefined)
    run()
      .then(close, setError)
      .finally(() => setBusy(false))
  }
  return (
    <Dialog title={title} close={close}>
      {children}
      {error === undefined ? null : <Failed error={error} />}
      <div className="row">
        <button type="button" className={`button primary ${harmless ? '' : 'danger'}`} disabled={busy} onClick={go}>
          {busy ? 'Working …' : act}
        </button>
        <button type="button" className="button" onClick={close}>
          Cancel
        </button>
      </div>
    </Dialog>
  )
}

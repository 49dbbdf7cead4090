import { type ReactNode, useEffect, useId, useRef } from 'react'

type DialogProps = Readonly<{ title: string; close(): void; className?: string; children: ReactNode }>

/** The browser's own modal dialog: it keeps the focus, gives it back, and closes by Esc. */
export function Dialog({ title, close, className = '', children }: DialogProps) {
  const dialog = useRef<HTMLDialogElement>(null)
  const id = useId()
  useEffect(() => {
    const element = dialog.current
    if (element === null || element.open) return
    element.showModal()
    // Else the browser takes the first that can have it, which is the button that closes.
    element.querySelector<HTMLElement>('[data-first]')?.focus()
  }, [])
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: a click beside it closes it; the key for that is Esc.
    <dialog
      ref={dialog}
      className={`dialog ${className}`}
      aria-labelledby={id}
      onClose={close}
      onClick={(event) => event.target === dialog.current && dialog.current?.close()}
    >
      <div className="dialog-body stack">
        <div className="spread">
          <h2 id={id}>{title}</h2>
          <button
            type="button"
            className="button quiet small"
            aria-label="Close"
            onClick={() => dialog.current?.close()}
          >
            <span aria-hidden="true">✕</span>
          </button>
        </div>
        {children}
      </div>
    </dialog>
  )
}

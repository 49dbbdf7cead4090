import { useState } from 'react'

export function CopyButton({ text, name = 'Copy' }: Readonly<{ text: string; name?: string }>) {
  const [copied, setCopied] = useState(false)
  const copy = () => {
    void navigator.clipboard.writeText(text).then(() => {
      setCopied(true)
      setTimeout(() => setCopied(false), 1_500)
    })
  }
  return (
    <button type="button" className="button small" onClick={copy}>
      <span aria-live="polite">{copied ? 'Copied' : name}</span>
    </button>
  )
}

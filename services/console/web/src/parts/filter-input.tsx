import { useEffect, useRef, useState } from 'react'

const quietMs = 350

type FilterInputProps = Readonly<{
  label: string
  value: string
  set(value: string): void
  placeholder?: string
  grow?: boolean
  type?: string
}>

/** A field of a filter: the address, and with it the list, follows once the typing rests. "/" leads into the first one. */
export function FilterInput({ label, value, set, placeholder, grow = false, type = 'text' }: FilterInputProps) {
  const [text, setText] = useState(value)
  const newest = useRef(set)
  newest.current = set
  useEffect(() => setText(value), [value])
  useEffect(() => {
    if (text === value) return
    const timer = setTimeout(() => newest.current(text), quietMs)
    return () => clearTimeout(timer)
  }, [text, value])
  return (
    <label className={grow ? 'field grow' : 'field'}>
      <span>{label}</span>
      <input
        data-filter
        type={type}
        value={text}
        placeholder={placeholder}
        spellCheck={false}
        autoComplete="off"
        onChange={({ target }) => setText(target.value)}
        onKeyDown={({ key, currentTarget }) => {
          if (key === 'Enter') set(text)
          if (key === 'Escape') currentTarget.blur()
        }}
      />
    </label>
  )
}

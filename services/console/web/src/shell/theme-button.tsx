import { useState } from 'react'
import { applyTheme, readTheme, type Theme } from '../lib/theme.ts'

const next: Readonly<Record<Theme, Theme>> = { system: 'light', light: 'dark', dark: 'system' }
const signs: Readonly<Record<Theme, string>> = { system: '◐', light: '☀', dark: '☾' }

export function ThemeButton() {
  const [theme, setTheme] = useState(readTheme)
  const change = () => {
    applyTheme(next[theme])
    setTheme(next[theme])
  }
  return (
    <button
      type="button"
      className="button quiet"
      onClick={change}
      aria-label={`Colours: ${theme}. Change`}
      title={`Colours: ${theme}`}
    >
      <span aria-hidden="true">{signs[theme]}</span>
    </button>
  )
}

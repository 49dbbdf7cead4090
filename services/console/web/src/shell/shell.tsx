import { Outlet } from '@tanstack/react-router'
import { useEffect, useState } from 'react'
import { ask, loggedOut } from '../lib/api.ts'
import { topologyStore } from '../lib/use-topology.ts'
import { Keyboard } from './keyboard.tsx'
import { LiveDot } from './live-dot.tsx'
import { Navigation } from './navigation.tsx'
import { useSession } from './session-gate.tsx'
import { ThemeButton } from './theme-button.tsx'

/** What is around every page. */
export function Shell() {
  const { environment, user } = useSession()
  const [menu, setMenu] = useState(false)
  const [palette, setPalette] = useState(false)
  useEffect(() => () => topologyStore.pause(), [])
  const logout = () => void ask('logout').then(loggedOut, loggedOut)
  return (
    <div className="shell">
      <a className="button skip" href="#main">
        Skip to the page
      </a>
      <div className="brand">
        <img src="/favicon.svg" alt="" />
        TernMQ
      </div>
      <header className="topbar">
        <button
          type="button"
          className="button menu-button"
          aria-expanded={menu}
          aria-controls="navigation"
          onClick={() => setMenu(!menu)}
        >
          <span aria-hidden="true">☰</span>
          <span className="visually-hidden">Pages</span>
        </button>
        <span className={`environment ${environment}`}>{environment}</span>
        <LiveDot />
        <span className="grow" />
        <button type="button" className="button" onClick={() => setPalette(true)} aria-label="Go to (Ctrl K)">
          <span className="wide">Go to</span> <kbd>⌘K</kbd>
        </button>
        <ThemeButton />
        <span className="muted wide">{user}</span>
        <button type="button" className="button quiet wide" onClick={logout}>
          Log out
        </button>
      </header>
      <Navigation open={menu} close={() => setMenu(false)} />
      <main className="main" id="main" tabIndex={-1}>
        <Outlet />
      </main>
      <Keyboard palette={palette} setPalette={setPalette} />
    </div>
  )
}

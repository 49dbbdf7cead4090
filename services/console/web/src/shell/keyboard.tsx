import { useNavigate } from '@tanstack/react-router'
import { useEffect, useState } from 'react'
import { useLive } from '../lib/live-switch.tsx'
import { Dialog } from '../parts/dialog.tsx'
import { Palette } from './palette.tsx'

const keys: readonly (readonly [string, string])[] = [
  ['Ctrl K or ⌘ K', 'find a page, client, topic, message or trace'],
  ['/', 'into the filter of the page'],
  ['j k', 'next and previous row'],
  ['Enter', 'open the row'],
  ['Esc', 'close what is open'],
  ['.', 'live updates on or off'],
  ['w a s d', 'in a trace: zoom in, left, zoom out, right'],
  ['g o, g c, g m, g t', 'go to overview, clients, messages, topics'],
  ['?', 'this help'],
]

const goTo: Readonly<Record<string, string>> = {
  o: '/',
  c: '/clients',
  m: '/messages',
  t: '/topics',
  q: '/queues',
  e: '/events',
  s: '/subscriptions',
  r: '/traces',
}

const isTyping = (target: EventTarget | null) =>
  target instanceof HTMLElement && (target.isContentEditable || /^(input|textarea|select)$/i.test(target.tagName))

/** Keys that work on every page. */
export function Keyboard({ palette, setPalette }: Readonly<{ palette: boolean; setPalette(open: boolean): void }>) {
  const [help, setHelp] = useState(false)
  const { toggle } = useLive()
  const navigate = useNavigate()
  useEffect(() => {
    let afterG = false
    const pressed = (event: KeyboardEvent) => {
      if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === 'k') {
        event.preventDefault()
        return setPalette(true)
      }
      if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return
      if (document.querySelector('dialog[open]') !== null) return
      const place = afterG ? goTo[event.key] : undefined
      afterG = event.key === 'g'
      if (place !== undefined) void navigate({ to: place })
      else if (event.key === '?') setHelp(true)
      else if (event.key === '.') toggle()
      else if (event.key === '/') {
        event.preventDefault()
        document.querySelector<HTMLInputElement>('[data-filter]')?.focus()
      }
    }
    window.addEventListener('keydown', pressed)
    return () => window.removeEventListener('keydown', pressed)
  }, [navigate, setPalette, toggle])
  return (
    <>
      {palette ? <Palette close={() => setPalette(false)} /> : null}
      {help ? (
        <Dialog title="Keys" close={() => setHelp(false)}>
          <dl className="pairs">
            {keys.map(([key, what]) => (
              <div key={key}>
                <dt>
                  <kbd>{key}</kbd>
                </dt>
                <dd>{what}</dd>
              </div>
            ))}
          </dl>
        </Dialog>
      ) : null}
    </>
  )
}

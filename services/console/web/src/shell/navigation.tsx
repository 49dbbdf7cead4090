import { Link } from '@tanstack/react-router'
import { Icon } from './icons.tsx'

export const places = [
  { to: '/', name: 'Overview', icon: 'overview' },
  { to: '/clients', name: 'Clients', icon: 'clients' },
  { to: '/topics', name: 'Topics', icon: 'topics' },
  { to: '/retained', name: 'Retained', icon: 'retained' },
  { to: '/subscriptions', name: 'Subscriptions', icon: 'subscriptions' },
  { to: '/groups', name: 'Groups', icon: 'groups' },
  { to: '/messages', name: 'Messages', icon: 'messages' },
  { to: '/traces', name: 'Traces', icon: 'traces' },
  { to: '/queues', name: 'Queues', icon: 'queues' },
  { to: '/events', name: 'Events', icon: 'events' },
  { to: '/try', name: 'Try it', icon: 'try' },
] as const

export function Navigation({ open, close }: Readonly<{ open: boolean; close(): void }>) {
  return (
    <nav className={open ? 'nav open' : 'nav'} aria-label="Pages" id="navigation">
      <ul>
        {places.map(({ to, name, icon }) => (
          <li key={to}>
            <Link
              to={to}
              activeOptions={{ exact: to === '/' }}
              activeProps={{ 'aria-current': 'page' }}
              onClick={close}
            >
              <Icon name={icon} />
              {name}
            </Link>
          </li>
        ))}
      </ul>
    </nav>
  )
}

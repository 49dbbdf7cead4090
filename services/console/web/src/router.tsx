import { createRootRoute, createRoute, createRouter, lazyRouteComponent } from '@tanstack/react-router'
import { parseSearch, stringifySearch } from './lib/search.ts'
import { OverviewPage } from './pages/overview/overview-page.tsx'
import { NotFound } from './shell/not-found.tsx'
import { Shell } from './shell/shell.tsx'

const root = createRootRoute({ component: Shell, notFoundComponent: NotFound })

const page = <Path extends string>(path: Path, component: ReturnType<typeof lazyRouteComponent>) =>
  createRoute({ getParentRoute: () => root, path, component })

const tree = root.addChildren([
  createRoute({ getParentRoute: () => root, path: '/', component: OverviewPage }),
  page(
    '/queues',
    lazyRouteComponent(() => import('./pages/queues/queues-page.tsx'), 'QueuesPage'),
  ),
  page(
    '/events',
    lazyRouteComponent(() => import('./pages/events/events-page.tsx'), 'EventsPage'),
  ),
])

export const router = createRouter({ routeTree: tree, parseSearch, stringifySearch, defaultPreload: 'intent' })

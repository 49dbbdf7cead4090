import { createRootRoute, createRoute, createRouter, lazyRouteComponent } from '@tanstack/react-router'
import { parseSearch, stringifySearch } from './lib/search.ts'
import { OverviewPage } from './pages/overview/overview-page.tsx'
import { NotFound } from './shell/not-found.tsx'
import { Shell } from './shell/shell.tsx'

const root = createRootRoute({ component: Shell, notFoundComponent: NotFound })

const page = <Path extends string>(path: Path, component: ReturnType<typeof lazyRouteComponent>) =>
  createRoute({ getParentRoute: () => root, path, component })

const clients = () => import('./pages/clients/clients-page.tsx')
const topics = () => import('./pages/topics/topics-page.tsx')
const groups = () => import('./pages/subscriptions/groups-page.tsx')
const messages = () => import('./pages/messages/messages-page.tsx')
const traces = () => import('./pages/traces/traces-page.tsx')
const trace = () => import('./pages/traces/trace-page.tsx')

const overview = createRoute({ getParentRoute: () => root, path: '/', component: OverviewPage })

const tree = root.addChildren([
  overview,
  page('/clients', lazyRouteComponent(clients, 'ClientsPage')),
  page(
    '/clients/$clientId',
    lazyRouteComponent(() => import('./pages/clients/client-page.tsx'), 'ClientPage'),
  ),
  page('/topics', lazyRouteComponent(topics, 'TopicsPage')),
  page(
    '/topics/$topic',
    lazyRouteComponent(() => import('./pages/topics/topic-page.tsx'), 'TopicPage'),
  ),
  page(
    '/retained',
    lazyRouteComponent(() => import('./pages/topics/retained-page.tsx'), 'RetainedPage'),
  ),
  page(
    '/subscriptions',
    lazyRouteComponent(() => import('./pages/subscriptions/subscriptions-page.tsx'), 'SubscriptionsPage'),
  ),
  page('/groups', lazyRouteComponent(groups, 'GroupsPage')),
  page(
    '/groups/$filter',
    lazyRouteComponent(() => import('./pages/subscriptions/group-page.tsx'), 'GroupPage'),
  ),
  page('/messages', lazyRouteComponent(messages, 'MessagesPage')),
  page(
    '/messages/$messageId',
    lazyRouteComponent(() => import('./pages/messages/message-page.tsx'), 'MessagePage'),
  ),
  page('/messages/$messageId/trace', lazyRouteComponent(trace, 'MessageTracePage')),
  page('/traces', lazyRouteComponent(traces, 'TracesPage')),
  page('/traces/$traceId', lazyRouteComponent(trace, 'TracePage')),
  page(
    '/queues',
    lazyRouteComponent(() => import('./pages/queues/queues-page.tsx'), 'QueuesPage'),
  ),
  page(
    '/events',
    lazyRouteComponent(() => import('./pages/events/events-page.tsx'), 'EventsPage'),
  ),
  page(
    '/try',
    lazyRouteComponent(() => import('./pages/try/try-page.tsx'), 'TryPage'),
  ),
])

export const router = createRouter({ routeTree: tree, parseSearch, stringifySearch, defaultPreload: 'intent' })

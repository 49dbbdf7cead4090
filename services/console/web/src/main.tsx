import { QueryClient, QueryClientProvider } from '@tanstack/react-query'
import { RouterProvider } from '@tanstack/react-router'
import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { ApiError } from './lib/api.ts'
import { LiveSwitch } from './lib/live-switch.tsx'
import { applyTheme, readTheme } from './lib/theme.ts'
import { router } from './router.tsx'
import { SessionGate } from './shell/session-gate.tsx'
import './styles/tokens.css'
import './styles/base.css'
import './styles/shell.css'
import './styles/parts.css'

applyTheme(readTheme())

/** What was refused is not asked for again by itself; what did not answer is, once. */
const mayRetry = (failures: number, error: Error) =>
  failures < 1 && error instanceof ApiError && error.code === 'unavailable'

const queries = new QueryClient({
  defaultOptions: {
    queries: { retry: mayRetry, staleTime: 1_000, refetchOnWindowFocus: false },
    mutations: { retry: false },
  },
})

const root = document.getElementById('root')
if (root === null) throw new Error('the page has no place for the console')
createRoot(root).render(
  <StrictMode>
    <QueryClientProvider client={queries}>
      <SessionGate>
        <LiveSwitch>
          <RouterProvider router={router} />
        </LiveSwitch>
      </SessionGate>
    </QueryClientProvider>
  </StrictMode>,
)

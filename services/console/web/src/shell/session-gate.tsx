import { createContext, type ReactNode, useCallback, useContext, useEffect, useState } from 'react'
import { onLoggedOut, readSession, type SessionView } from '../lib/api.ts'
import { Failed } from '../parts/states.tsx'
import { LoginPage } from './login-page.tsx'

const SessionContext = createContext<SessionView>({ loggedIn: false, environment: '' })

export const useSession = (): SessionView => useContext(SessionContext)

/** Asks who is logged in before anything else is asked; the address stays, so that a link leads there after the login. */
export function SessionGate({ children }: Readonly<{ children: ReactNode }>) {
  const [session, setSession] = useState<SessionView>()
  const [error, setError] = useState<Error>()
  const look = useCallback(() => {
    setError(undefined)
    readSession().then(setSession, setError)
  }, [])
  useEffect(() => {
    look()
    onLoggedOut(() => setSession((before) => ({ loggedIn: false, environment: before?.environment ?? '' })))
  }, [look])
  if (error !== undefined) return <Failed error={error} retry={look} />
  if (session === undefined) return <p className="visually-hidden">Loading</p>
  if (!session.loggedIn) return <LoginPage environment={session.environment} done={setSession} />
  return <SessionContext value={session}>{children}</SessionContext>
}

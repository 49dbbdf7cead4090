import { createContext, type ReactNode, useContext, useMemo, useState } from 'react'

type Live = Readonly<{ on: boolean; toggle(): void }>

const LiveContext = createContext<Live>({ on: true, toggle() {} })

/** One switch for everything that moves by itself. */
export function LiveSwitch({ children }: Readonly<{ children: ReactNode }>) {
  const [on, setOn] = useState(true)
  const live = useMemo(() => ({ on, toggle: () => setOn((was) => !was) }), [on])
  return <LiveContext value={live}>{children}</LiveContext>
}

export const useLive = (): Live => useContext(LiveContext)

import { useEffect, useRef } from 'react'
import type { ApiError } from './api.ts'
import { liveSocket } from './live-socket.ts'
import { useLive } from './live-switch.tsx'

/** Holds a server-streaming call open while the page is shown and live is on. */
export function useStream<Response>(
  rpc: string,
  request: object,
  heard: (response: Response) => void,
  { enabled = true, failed }: Readonly<{ enabled?: boolean; failed?: (error: ApiError) => void }> = {},
): void {
  const { on } = useLive()
  const newest = useRef({ heard, failed })
  newest.current = { heard, failed }
  const text = JSON.stringify(request)
  useEffect(() => {
    if (!on || !enabled) return
    const stream = liveSocket.subscribe({
      ...{ rpc, request: () => JSON.parse(text) as object, credit: undefined },
      event: (data) => newest.current.heard(data as Response),
      error: (error) => newest.current.failed?.(error),
    })
    return () => stream.end()
  }, [rpc, text, on, enabled])
}

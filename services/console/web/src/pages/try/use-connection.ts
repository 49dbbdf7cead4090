import { useCallback, useEffect, useRef, useState } from 'react'
import type { Connect, Publish } from '../../mqtt/packets.ts'
import { type LogEntry, MqttSession } from '../../mqtt/session.ts'

export type Received = Readonly<{ id: number; at: number; message: Publish }>

export const messagesMax = 500
const logMax = 300

/** One connection of the page with what it has seen. */
export function useConnection() {
  const session = useRef<MqttSession>(undefined)
  const count = useRef(0)
  const [state, setState] = useState<'closed' | 'connecting' | 'connected'>('closed')
  const [why, setWhy] = useState('')
  const [log, setLog] = useState<readonly LogEntry[]>([])
  const [messages, setMessages] = useState<readonly Received[]>([])
  useEffect(() => () => session.current?.close(), [])
  const open = useCallback((url: string, options: Connect) => {
    session.current?.close()
    setState('connecting')
    setWhy('')
    const made: MqttSession = new MqttSession(url, options, {
      state(next, reason) {
        // What is left to say of the one before.
        if (session.current !== made) return
        setState(next)
        setWhy(reason)
      },
      message: (message) =>
        setMessages((before) => [{ id: count.current++, at: Date.now(), message }, ...before].slice(0, messagesMax)),
      log: (entry) => setLog((before) => [{ ...entry, id: count.current++ }, ...before].slice(0, logMax)),
    })
    session.current = made
  }, [])
  return { session, state, why, log, messages, open, clear: () => setMessages([]) }
}

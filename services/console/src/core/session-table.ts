/** Milliseconds since the Unix epoch; the core has no clock. */
type Millis = number

export const sessionIdleMax: Millis = 12 * 60 * 60 * 1_000
/** Above it, the session that was idle for longest makes room. */
export const sessionCountMax = 1_000

export type Session = Readonly<{
  id: string
  user: string
  /** Has to come with each call, in a header that another site's page cannot set. */
  csrf: string
}>

/** Who is logged in. Ids are drawn by the caller: long and random, since whoever knows one is that user. */
export class SessionTable {
  /** In the order of last use: the first was idle for longest. */
  readonly #sessions = new Map<string, { session: Session; usedAt: Millis }>()

  get size(): number {
    return this.#sessions.size
  }

  /** A session of its own for each login, whatever cookie came with it: an id that somebody planted is never made good. */
  begin(session: Session, now: Millis): void {
    this.#sessions.set(session.id, { session, usedAt: now })
    for (const [id, { usedAt }] of this.#sessions) {
      if (this.#sessions.size <= sessionCountMax && now - usedAt < sessionIdleMax) break
      this.#sessions.delete(id)
    }
  }

  /** The session, which counts as used now. */
  use(id: string, now: Millis): Session | undefined {
    const session = this.peek(id, now)
    if (session === undefined) return undefined
    this.#sessions.delete(id)
    this.#sessions.set(id, { session, usedAt: now })
    return session
  }

  /** The session, without use: what is pushed to a tab nobody looks at keeps no session alive. */
  peek(id: string, now: Millis): Session | undefined {
    const found = this.#sessions.get(id)
    if (found === undefined) return undefined
    if (now - found.usedAt < sessionIdleMax) return found.session
    this.#sessions.delete(id)
    return undefined
  }

  end(id: string): void {
    this.#sessions.delete(id)
  }
}

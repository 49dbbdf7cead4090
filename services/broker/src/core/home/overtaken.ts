import { type Client, type ClientEvent, type ConnectionNumber, compareNumbers, type Overtaken } from './client.ts'

type Holder = Readonly<{ proxy: number; attempt: number }>
type Connect = Readonly<{ proxy: number; request: Readonly<{ attempt: number }> }>

/** Whether the CONNECT is the one that made it: the answer to the first call was lost. */
export const isSame = (made: Holder, { proxy, request }: Connect): boolean =>
  request.attempt > 0 && made.attempt === request.attempt && made.proxy === proxy

/** Who holds the connection, as long as nobody has said that it is over. */
export function holderOf({ session, will }: Client): Overtaken | undefined {
  if (session !== undefined) return session.disconnectedAtMs === undefined ? session : undefined
  if (will === undefined || will.dueAtMs !== undefined) return undefined
  return { proxy: will.stored.proxy, attempt: will.stored.attempt, connection: will.connection }
}

/** A CONNECT that is over although its proxy does not know it yet: the attempts of a proxy only grow. */
export function isOver(client: Client, connect: Connect): boolean {
  const { session, will, overtaken } = client
  if (connect.request.attempt === 0) return false
  const isOld = (made: Holder) => made.proxy === connect.proxy && connect.request.attempt <= made.attempt
  if (overtaken.some(isOld)) return true
  const holder = holderOf(client)
  if (holder !== undefined && isSame(holder, connect)) return false
  return (session !== undefined && isOld(session)) || (will !== undefined && isOld(will.stored))
}

/** Kept until the proxy reports the end of that connection, which shows that it had the answer, or until its death. */
export function overtake(client: Client): ClientEvent[] {
  const holder = holderOf(client)
  // Announced by its proxy: that has its answer.
  if (holder === undefined || holder.attempt === 0 || client.overtaken.some((each) => isHolder(each, holder))) return []
  const { proxy, attempt, connection } = holder
  const others = client.overtaken.filter((each) => each.proxy !== proxy)
  return [{ type: 'overtaken-saved', overtaken: [...others, { proxy, attempt, connection }] }]
}

const isHolder = (each: Overtaken, holder: Holder): boolean =>
  each.proxy === holder.proxy && each.attempt === holder.attempt

/** The proxy knows the connection, and that it is over. */
export function reported(client: Client, connection: ConnectionNumber): ClientEvent[] {
  return without(client, (each) => compareNumbers(each.connection, connection) === 0)
}

/** A proxy that is dead repeats nothing. */
export function buried(client: Client, proxy: number): ClientEvent[] {
  return without(client, (each) => each.proxy === proxy)
}

function without({ overtaken }: Client, fits: (each: Overtaken) => boolean): ClientEvent[] {
  const left = overtaken.filter((each) => !fits(each))
  return left.length === overtaken.length ? [] : [{ type: 'overtaken-saved', overtaken: left }]
}

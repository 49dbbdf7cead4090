export type ApiCall = Readonly<{
  /** As "tern.v1.ClientService/ListClients". */
  name: string
  /** A repetition does no harm, so another proxy may be asked after one has not answered. */
  reads: boolean
}>

/** Only the public API: nothing of the services among themselves is reached through the console. */
const unary = /^\/api\/(tern\.v1\.[A-Z]\w{0,60}\/([A-Z]\w{0,60}))$/
const streamed = /^tern\.v1\.[A-Z]\w{0,60}\/(Watch|Replay)\w{0,60}$/

/** `path`: of the request. Undefined: no call of the public API. */
export function apiCallOf(path: string): ApiCall | undefined {
  const [, name, method = ''] = unary.exec(path) ?? []
  return name === undefined ? undefined : { name, reads: /^(Get|List|Search|Match|Query|Why)/.test(method) }
}

/** Calls that a tab may hold open. All of them only read. */
export const isStreamedCall = (rpc: string): boolean => streamed.test(rpc)

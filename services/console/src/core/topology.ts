/** As much of tern.v1.Topology, in its JSON form, as the console itself looks at. */
export type Topology = Readonly<{
  zones?: readonly Readonly<{ name?: string; state?: string; members?: readonly Member[] }>[]
  headline?: Readonly<{
    clients?: number
    publishesPerSecond?: number | string
    deliveriesPerSecond?: number | string
    publishToDeliverP99?: string
    oldestUnacked?: string
  }>
}>

type Member = Readonly<{
  kind?: string
  state?: string
  leads?: boolean
  ownedQueues?: number
  connections?: number
  endpoints?: Readonly<Record<string, string>>
}>

const proxiesOf = ({ zones = [] }: Topology): Member[] =>
  zones.flatMap(({ members = [] }) => members).filter(({ kind }) => kind === 'MEMBER_KIND_PROXY')

/** Where living proxies serve the API. */
export const apiAddressesOf = (topology: Topology): string[] => endpointsOf(topology, 'api')

/** Where browsers reach MQTT. */
export const webSocketAddressesOf = (topology: Topology): string[] => endpointsOf(topology, 'websocket')

const endpointsOf = (topology: Topology, name: string): string[] =>
  proxiesOf(topology)
    .filter(({ state }) => state !== 'MEMBER_STATE_DEAD')
    .flatMap(({ endpoints = {} }) => endpoints[name]?.split(',') ?? [])

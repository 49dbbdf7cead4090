export type KeptConnection = {
  id: string
  url: string
  clientId: string
  cleanStart: boolean
  sessionExpirySeconds: number
  willTopic: string
  willPayload: string
  filters: { filter: string; qos: 0 | 1 | 2 }[]
  publish: { topic: string; payload: string; qos: 0 | 1 | 2; retain: boolean; everyMs: number; properties: string }
  saved: { name: string; topic: string; payload: string }[]
}

const key = 'tern-try'
export const connectionsMax = 4
export const savedMax = 50

export const newConnection = (id: string): KeptConnection => ({
  ...{ id, url: '', clientId: `web-${id}`, cleanStart: true, sessionExpirySeconds: 0, willTopic: '', willPayload: '' },
  filters: [{ filter: 'demo/#', qos: 1 }],
  publish: { topic: 'demo/hello', payload: '{"hello":"world"}', qos: 1, retain: false, everyMs: 0, properties: '' },
  saved: [],
})

const drawId = () => crypto.randomUUID().slice(0, 8)

/** What was filled in, over reloads. What cannot be read any more begins anew. */
export function readKept(): KeptConnection[] {
  try {
    const kept = JSON.parse(localStorage.getItem(key) ?? '[]') as Partial<KeptConnection>[]
    const whole = kept
      .filter(({ id }) => typeof id === 'string')
      .map((each) => ({ ...newConnection(each.id ?? ''), ...each }))
    return whole.length > 0 ? whole.slice(0, connectionsMax) : [newConnection(drawId())]
  } catch {
    return [newConnection(drawId())]
  }
}

export const keep = (connections: readonly KeptConnection[]): void =>
  localStorage.setItem(key, JSON.stringify(connections))

export const anotherConnection = (): KeptConnection => newConnection(drawId())

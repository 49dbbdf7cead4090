import { type ZoneName, zoneNames } from './plan.ts'

export type KeyActions = Readonly<{
  kill(zone: ZoneName): void
  heal(zone: ZoneName): void
  /** Moves its queues away. */
  drain(zone: ZoneName): void
  undrain(zone: ZoneName): void
  toggleLogs(): void
  quit(): void
  say(text: string): void
}>

/** Each asks for the zone's letter. */
const zoneKeys = {
  f: ['kill', 'kill which zone? a, b or c'],
  h: ['heal', 'heal which zone? a, b or c'],
  d: ['drain', 'move the queues of which zone away? a, b or c'],
  u: ['undrain', 'let which zone have queues again? a, b or c'],
} as const
type ZoneKey = keyof typeof zoneKeys
const isZoneKey = (key: string): key is ZoneKey => Object.hasOwn(zoneKeys, key)

/** Single key presses. */
export function createKeyHandler(actions: KeyActions): (key: string) => void {
  let pending: ZoneKey | undefined
  return (key) => {
    if (key === '\u0003' || key === 'q') return actions.quit()
    const zone = zoneNames.find((name) => name.endsWith(`-${key}`))
    if (pending && zone) {
      const [act] = zoneKeys[pending]
      pending = undefined
      return actions[act](zone)
    }
    pending = isZoneKey(key) ? key : undefined
    if (pending) actions.say(zoneKeys[pending][1])
    else if (key === 'l') actions.toggleLogs()
  }
}

export function listenToKeys(actions: KeyActions): void {
  const handle = createKeyHandler(actions)
  process.stdin.setRawMode(true)
  process.stdin.setEncoding('utf8')
  process.stdin.on('data', (keys: string) => {
    for (const key of keys) handle(key)
  })
}

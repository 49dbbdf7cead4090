import { type ZoneName, zoneNames } from './plan.ts'

export type KeyActions = Readonly<{
  kill(zone: ZoneName): void
  heal(zone: ZoneName): void
  toggleLogs(): void
  quit(): void
  say(text: string): void
}>

/** Single key presses; `f` and `h` ask for the zone's letter. */
export function createKeyHandler(actions: KeyActions): (key: string) => void {
  let pending: 'kill' | 'heal' | undefined
  return (key) => {
    if (key === '\u0003' || key === 'q') return actions.quit()
    const zone = zoneNames.find((name) => name.endsWith(`-${key}`))
    if (pending && zone) {
      const act = pending
      pending = undefined
      return actions[act](zone)
    }
    pending = key === 'f' ? 'kill' : key === 'h' ? 'heal' : undefined
    if (pending) actions.say(pending === 'kill' ? 'kill which zone? a, b or c' : 'heal which zone? a, b or c')
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

/** A state has a word and a shape, so that it is never told by colour alone. */
export type Look = Readonly<{ word: string; shape: string; tone: 'ok' | 'warn' | 'bad' | '' }>

const looks: Readonly<Record<string, Look>> = {
  healthy: { word: 'healthy', shape: '●', tone: 'ok' },
  suspect: { word: 'silent', shape: '▲', tone: 'warn' },
  draining: { word: 'draining', shape: '◆', tone: 'warn' },
  dead: { word: 'down', shape: '✕', tone: 'bad' },
}

/** `state`: as the API says it ("MEMBER_STATE_DEAD"), or as the past keeps it ("dead"). */
export const lookOf = (state: string | undefined): Look => {
  const name = (state ?? '').replace('MEMBER_STATE_', '').toLowerCase()
  return looks[name] ?? { word: name === '' ? 'unknown' : name, shape: '○', tone: '' }
}

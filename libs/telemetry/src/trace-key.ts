import type { Setting } from '@tern/config'

/** So that nothing needs to be configured. Everybody can read it: who must not see addresses behind trace ids gets a key of one's own. */
export const traceKeyUnlessTold = '7465726e2d6d65737361676520747261'

/** By the environment only, as any key; the same for every process of a region, now and as long as its traces are looked for. */
export const traceKeySetting = {
  env: 'TERN_TRACE_KEY',
  kind: 'text',
  default: traceKeyUnlessTold,
  help: 'key under which the address of a message becomes its trace id, 32 hex digits, the same in the whole region; the default is known to everybody',
} as const satisfies Setting

/** What is wrong with a key, or undefined. The key itself is not repeated. */
export function checkTraceKey(key: string): string | undefined {
  if (/^[0-9a-fA-F]{32}$/.test(key)) return undefined
  return `TERN_TRACE_KEY has ${key.length} characters or one that is no hex digit; give 32 hex digits`
}

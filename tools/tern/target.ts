import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { wrongUse } from './failure.ts'

/** What `npm start` writes into its data folder. */
export type RegionFile = Readonly<{
  zones: readonly Readonly<{ zone: string; mqtt: string; websocket: string; api: string }>[]
  mqtt: string
  websocket: string
  api: string
  trace: Readonly<{ tempo: string; otlpGrpc: string; otlpHttp: string }>
  console: Readonly<{ http: string }>
  control: string
}>

/** The region that commands speak to. */
export type Target = Readonly<{
  /** http://host:port of the API. */
  url: string
  /** Where the url is from: "--url", "TERN_URL", "context prod", "region in .tern" or "default". */
  from: string
  /** Of a region of npm start on this machine. */
  region: RegionFile | undefined
}>

export type Contexts = Readonly<{ current: string; urls: Readonly<Record<string, string>> }>
export type Environment = Readonly<Record<string, string | undefined>>

const contextsFile = (env: Environment): string =>
  join(env['TERN_CONFIG'] ?? join(env['XDG_CONFIG_HOME'] ?? join(homedir(), '.config'), 'tern'), 'contexts.json')

export function readContexts(env: Environment): Contexts {
  try {
    return JSON.parse(readFileSync(contextsFile(env), 'utf8')) as Contexts
  } catch {
    return { current: '', urls: {} }
  }
}

export function writeContexts(env: Environment, contexts: Contexts): void {
  mkdirSync(dirname(contextsFile(env)), { recursive: true })
  writeFileSync(contextsFile(env), `${JSON.stringify(contexts, null, 2)}\n`)
}

export function regionIn(folder: string): RegionFile | undefined {
  const file = join(resolve(folder), 'region.json')
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as RegionFile) : undefined
}

/** In this order: --url, --context, TERN_URL, the context in use, the region of npm start in the data folder, the default address. */
export function findTarget(
  {
    url,
    context,
    data,
  }: Readonly<{ url?: string | undefined; context?: string | undefined; data?: string | undefined }>,
  env: Environment,
): Target {
  const folder = data ?? env['TERN_DATA'] ?? '.tern'
  const region = regionIn(folder)
  if (url !== undefined) return { url: withScheme(url), from: '--url', region }
  const contexts = readContexts(env)
  if (context !== undefined) {
    const found = contexts.urls[context]
    if (found === undefined) throw wrongUse(`there is no context "${context}"`, `tern context add ${context} URL`)
    return { url: found, from: `context ${context}`, region: undefined }
  }
  if (env['TERN_URL']) return { url: withScheme(env['TERN_URL']), from: 'TERN_URL', region }
  const current = contexts.urls[contexts.current]
  if (current !== undefined) return { url: current, from: `context ${contexts.current}`, region: undefined }
  if (region !== undefined) return { url: `http://${region.api}`, from: `region in ${folder}`, region }
  return { url: 'http://127.0.0.1:9090', from: 'default', region: undefined }
}

export function withScheme(url: string): string {
  const whole = /^https?:\/\//.test(url) ? url : `http://${url}`
  if (!URL.canParse(whole)) throw wrongUse(`"${url}" is no address`, 'give it as http://host:9090')
  return whole.replace(/\/+$/, '')
}

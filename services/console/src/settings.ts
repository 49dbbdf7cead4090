import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { allowAnonymousSetting, loopbackOnly, type Settings, type Spec } from '@tern/config'
import { version } from '@tern/runtime'
import { metricsSetting } from '@tern/telemetry/node'
import type { ConsoleConfig } from './config.ts'

/** What whoever runs the console may say. */
export const settings = {
  zone: { flag: 'zone', env: 'TERN_ZONE', kind: 'text', help: 'the availability zone it stands in; any one will do' },
  listen: {
    flag: 'listen',
    env: 'TERN_CONSOLE_LISTEN',
    kind: 'address',
    default: '127.0.0.1:8080',
    min: 0,
    help: 'host:port to serve pages on; port 0 takes a free one',
  },
  proxies: {
    flag: 'proxies',
    env: 'TERN_CONSOLE_PROXIES',
    kind: 'addresses',
    default: '127.0.0.1:9090',
    help: 'host:port of the API of proxies, with commas; the others are learnt from them',
  },
  nameservers: {
    flag: 'nameservers',
    env: 'TERN_NAMESERVERS',
    kind: 'addresses',
    default: '',
    help: 'host:port of every nameserver, with commas; empty: it is not shown as a member of the region',
  },
  data: {
    flag: 'data',
    env: 'TERN_CONSOLE_DATA',
    kind: 'text',
    default: '.tern',
    help: 'folder for admin.txt, with the password that is made at the first start, and for its hash',
  },
  password: {
    env: 'TERN_CONSOLE_PASSWORD',
    kind: 'text',
    default: '',
    help: 'password of the user admin; empty: the one that was made at the first start',
  },
  publicUrl: {
    flag: 'public-url',
    env: 'TERN_CONSOLE_URL',
    kind: 'text',
    default: '',
    help: 'by which people open it when that is not where it listens, as https://console.example; https makes cookies secure',
  },
  environment: {
    flag: 'environment',
    env: 'TERN_ENVIRONMENT',
    kind: 'text',
    default: 'dev',
    help: 'name in the strip at the top; production is red',
  },
  devControl: {
    flag: 'dev-control',
    env: 'TERN_DEV_CONTROL',
    kind: 'text',
    default: '',
    help: 'host:port of the supervisor of npm start; given: zones can be killed and healed from the console',
  },
  site: {
    flag: 'site',
    env: 'TERN_CONSOLE_SITE',
    kind: 'text',
    default: '',
    help: 'folder of the built pages; empty: beside the program',
  },
  metrics: metricsSetting(9468),
  allowAnonymous: allowAnonymousSetting,
} as const satisfies Spec

type ConsoleSettings = Settings<typeof settings>

const passwordCharactersMin = 12

/** What no setting can judge alone. */
export function checkSettings({ listen, metrics, password, publicUrl, allowAnonymous }: ConsoleSettings) {
  return [
    ...[listen, ...metrics].map((address) => loopbackOnly(address, allowAnonymous)),
    password !== '' && password.length < passwordCharactersMin
      ? `TERN_CONSOLE_PASSWORD has ${password.length} characters; give ${passwordCharactersMin} or more`
      : undefined,
    publicUrl !== '' && !/^https?:\/\/[^/]+$/.test(publicUrl)
      ? `--public-url is "${publicUrl}"; give it as https://host or https://host:port, without a path`
      : undefined,
  ]
}

export function configOf(given: ConsoleSettings, nonce: () => string): ConsoleConfig {
  const { zone, listen, proxies, nameservers, data, password, publicUrl, environment, devControl, site } = given
  return {
    ...{ zone, listen, proxies, nameservers, nonce, password, environment, devControl },
    ...{ folder: data, publicOrigin: publicUrl, site: site === '' ? builtSite() : site, version },
  }
}

/** In a checkout, and beside the program that `npm run build` makes. */
function builtSite(): string {
  const beside = join(import.meta.dirname, 'console-site')
  return existsSync(beside) ? beside : join(import.meta.dirname, '../web/dist')
}

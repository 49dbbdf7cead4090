import { expect, test } from 'vitest'
import { readSettings } from './read-settings.ts'
import type { Spec } from './setting.ts'

const spec = {
  zone: { flag: 'zone', env: 'TERN_ZONE', kind: 'text', help: '' },
  port: { flag: 'port', env: 'BROKER_PORT', kind: 'port', default: '7000', help: '' },
  queues: { flag: 'queues', env: 'TERN_QUEUES', kind: 'whole', default: '12', min: 1, max: 1000, help: '' },
  listen: { flag: 'listen', env: 'TERN_LISTEN', kind: 'address', default: '127.0.0.1:0', min: 0, help: '' },
  peers: { flag: 'peers', env: 'TERN_PEERS', kind: 'addresses', default: '', help: '' },
  open: { flag: 'allow-anonymous', env: 'TERN_OPEN', kind: 'switch', help: '' },
} as const satisfies Spec

const known = '--zone, --port, --queues, --listen, --peers, --allow-anonymous'

test('what is not given takes its default, typed by its kind', () => {
  const { settings } = readSettings(spec, ['--zone', 'az-a'], {})
  expect(settings).toEqual({ zone: 'az-a', port: 7000, queues: 12, listen: '127.0.0.1:0', peers: [], open: false })
  const port: number | undefined = settings?.port
  const peers: readonly string[] | undefined = settings?.peers
  expect([port, peers]).toEqual([7000, []])
})

test('a flag wins over the environment, which wins over the default', () => {
  const env = { TERN_ZONE: 'az-b', BROKER_PORT: '7001', TERN_PEERS: 'b:1, [::1]:2', TERN_OPEN: 'true' }
  const { settings } = readSettings(spec, ['--zone=az-c', '--queues', '48'], env)
  expect(settings).toMatchObject({ zone: 'az-c', port: 7001, queues: 48, peers: ['b:1', '[::1]:2'], open: true })
})

test('an empty variable counts as not set, and a flag may hold an equals sign', () => {
  expect(readSettings(spec, ['--zone=a=b'], { BROKER_PORT: '' }).settings).toMatchObject({ zone: 'a=b', port: 7000 })
})

test('a switch stands alone, before another flag or at the end', () => {
  for (const argv of [
    ['--allow-anonymous', '--zone', 'a'],
    ['--zone', 'a', '--allow-anonymous'],
  ]) {
    expect(readSettings(spec, argv, {}).settings?.open).toBe(true)
  }
  expect(readSettings(spec, ['--zone', 'a', '--allow-anonymous=false'], { TERN_OPEN: '1' }).settings?.open).toBe(false)
})

test.each<[argv: string[], env: Record<string, string>, problem: string]>([
  [[], { BROKER_PORT: 'abc' }, 'BROKER_PORT is "abc"; give a whole number from 1 to 65535'],
  [['--port', '0'], {}, '--port is "0"; give a whole number from 1 to 65535'],
  [['--port', '65536'], {}, '--port is "65536"; give a whole number from 1 to 65535'],
  [['--port', '-1'], {}, '--port is "-1"; give a whole number from 1 to 65535'],
  [['--queues', '1.5'], {}, '--queues is "1.5"; give a whole number from 1 to 1000'],
  [['--queues', '1e2'], {}, '--queues is "1e2"; give a whole number from 1 to 1000'],
  [['--queues', '1001'], {}, '--queues is "1001"; give a whole number from 1 to 1000'],
  [['--listen', '7000'], {}, '--listen is "7000"; give host:port, the port a whole number from 0 to 65535'],
  [['--listen', 'a:b:1'], {}, '--listen is "a:b:1"; give host:port, the port a whole number from 0 to 65535'],
  [
    ['--peers', 'a:1,b:0'],
    {},
    '--peers is "a:1,b:0"; give host:port, several with commas, each port a whole number from 1 to 65535',
  ],
  [
    ['--peers', 'a:1,'],
    {},
    '--peers is "a:1,"; give host:port, several with commas, each port a whole number from 1 to 65535',
  ],
  [[], { TERN_OPEN: 'yes' }, 'TERN_OPEN is "yes"; give true or false'],
  [['--prot', '1'], {}, `"--prot" is not understood; give ${known}`],
  [['--prot=1'], {}, `"--prot=1" is not understood; give ${known}`],
  [['extra'], {}, `"extra" is not understood; give ${known}`],
  [['-p'], {}, `"-p" is not understood; give ${known}`],
  [['--port'], {}, '--port has no value; give a whole number from 1 to 65535'],
  [['--port', '--queues', '2'], {}, '--port has no value; give a whole number from 1 to 65535'],
  [['--port', '1', '--port', '2'], {}, '--port is given twice; give it once'],
])('%j with %j is refused in one sentence', (argv, env, problem) => {
  expect(readSettings(spec, argv, { TERN_ZONE: 'az-a', ...env })).toEqual({ problems: [problem] })
})

test('what must be given and is not, or is empty, is said', () => {
  expect(readSettings(spec, [], {}).problems).toEqual(['--zone (or TERN_ZONE) is missing; give a text'])
  expect(readSettings(spec, ['--zone='], {}).problems).toEqual(['--zone is ""; give a text'])
})

test('everything wrong is said at once', () => {
  const { problems } = readSettings(spec, ['--what', 'x', '--queues', '0'], { BROKER_PORT: 'abc' })
  expect(problems).toEqual([
    `"--what" is not understood; give ${known}`,
    '--zone (or TERN_ZONE) is missing; give a text',
    'BROKER_PORT is "abc"; give a whole number from 1 to 65535',
    '--queues is "0"; give a whole number from 1 to 1000',
  ])
})

test('a list of addresses that has a default may be given empty by a flag: there are none then', () => {
  const some = { ...spec, peers: { ...spec.peers, default: '127.0.0.1:1' } }
  expect(readSettings(some, ['--zone', 'a', '--peers='], {}).settings?.peers).toEqual([])
  const needed = { ...spec, peers: { flag: 'peers', env: 'TERN_PEERS', kind: 'addresses', help: '' } } as const
  expect(readSettings(needed, ['--zone', 'a', '--peers='], {}).problems).toHaveLength(1)
})

test('a secret comes from the environment alone', () => {
  const secret = { password: { env: 'TERN_PASSWORD', kind: 'text', default: '', help: '' } } as const
  expect(readSettings(secret, [], { TERN_PASSWORD: 'hush' }).settings).toEqual({ password: 'hush' })
  expect(readSettings(secret, ['--password', 'hush'], {}).problems).toHaveLength(1)
  const needed = { password: { env: 'TERN_PASSWORD', kind: 'text', help: '' } } as const
  expect(readSettings(needed, [], {}).problems).toEqual(['TERN_PASSWORD is missing; give a text'])
})

import { expect, test } from 'vitest'
import { loopbackOnly } from './loopback.ts'
import type { Spec } from './setting.ts'
import { allowAnonymousSetting, settingsOrExit } from './settings-or-exit.ts'
import { settingsTable } from './settings-table.ts'

const spec = {
  listen: { flag: 'listen', env: 'TERN_LISTEN', kind: 'address', help: 'host:port to serve on' },
  name: { flag: 'name', env: 'TERN_NAME', kind: 'text', default: '', help: 'a|b' },
  secret: { env: 'TERN_SECRET', kind: 'text', default: '', help: 'what nobody may see' },
  allowAnonymous: allowAnonymousSetting,
} as const satisfies Spec

class Exit extends Error {}

const writerTo = (write: (text: string) => void) => ({ write })

function runMain(argv: string[], env: Record<string, string> = {}) {
  const said = { out: '', err: '', code: undefined as number | undefined }
  const fake = {
    argv: ['node', 'main.ts', ...argv],
    env,
    stdout: writerTo((text) => {
      said.out += text
    }),
    stderr: writerTo((text) => {
      said.err += text
    }),
    exit(code: number): never {
      said.code = code
      throw new Exit()
    },
  }
  try {
    const check = ({ listen, allowAnonymous }: { listen: string; allowAnonymous: boolean }) => [
      loopbackOnly(listen, allowAnonymous),
    ]
    return { ...said, settings: settingsOrExit('main.ts [flags]', spec, check, fake) }
  } catch (error) {
    if (!(error instanceof Exit)) throw error
    return { ...said, settings: undefined }
  }
}

test('right settings are returned and nothing is said', () => {
  const settings = { listen: '127.0.0.1:7000', name: '', secret: '', allowAnonymous: false }
  expect(runMain(['--listen', '127.0.0.1:7000'])).toEqual({ out: '', err: '', code: undefined, settings })
})

test('wrong settings end with code 2 and a sentence each', () => {
  const { err, code } = runMain(['--bad', '--listen', 'x'])
  expect(code).toBe(2)
  expect(err).toBe(
    '"--bad" is not understood; give --listen, --name, --allow-anonymous.\n' +
      '--listen is "x"; give host:port, the port a whole number from 1 to 65535.\n',
  )
})

test('an address beyond this machine is refused unless anyone is let in by name', () => {
  const { err, code } = runMain(['--listen', '0.0.0.0:7000'])
  expect(code).toBe(2)
  expect(err).toBe(
    '"0.0.0.0:7000" can be reached from other machines and nobody is authenticated there; give 127.0.0.1:7000, or --allow-anonymous to let anyone connect.\n',
  )
  expect(runMain(['--listen', '0.0.0.0:7000', '--allow-anonymous']).settings?.listen).toBe('0.0.0.0:7000')
})

test.each([
  ['127.0.0.1:1', true],
  ['127.8.9.1:1', true],
  ['[::1]:1', true],
  ['localhost:1', true],
  ['127.0.0.1.example.org:1', false],
  ['[::]:1', false],
  ['10.0.0.1:1', false],
])('%s: loopback is %s', (address, loopback) => {
  expect(loopbackOnly(address, false) === undefined).toBe(loopback)
})

test('--help prints every setting and ends well', () => {
  const { out, code } = runMain(['--help'])
  expect(code).toBe(0)
  for (const word of [
    'main.ts [flags]',
    '--listen',
    'TERN_LISTEN',
    'must be given',
    '--allow-anonymous',
    '[off]',
    'TERN_SECRET',
  ])
    expect(out).toContain(word)
})

test('the table has a row for each setting, and text cannot break its cells', () => {
  expect(settingsTable({ listen: spec.listen, name: { ...spec.name, default: 'x' } })).toBe(
    [
      '| flag | environment | meaning | default |',
      '|---|---|---|---|',
      '| `--listen` | `TERN_LISTEN` | host:port to serve on | must be given |',
      '| `--name` | `TERN_NAME` | a\\|b | `x` |',
    ].join('\n'),
  )
})

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { readSettings } from '@tern/config'
import { afterAll, expect, test } from 'vitest'
import { checkLogSettings } from './check-settings.ts'
import { logSettings } from './settings.ts'

const kafka = ['--log', 'kafka', '--kafka-bootstrap', 'a:9092,b:9092']

const folder = mkdtempSync(join(tmpdir(), 'tern-settings-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

function fileWith(name: string, text: string): string {
  const file = join(folder, name)
  writeFileSync(file, text)
  return file
}

const certificate = fileWith('ca.pem', '-----BEGIN CERTIFICATE-----')
const key = fileWith('ca.key', '-----BEGIN PRIVATE KEY-----')
const password = fileWith('password', 'hush\n')

/** All that is wrong with a command line. */
function problemsOf(argv: readonly string[], env: Record<string, string> = {}): readonly string[] {
  const { settings, problems } = readSettings(logSettings, argv, env)
  return problems ?? checkLogSettings(settings).filter((problem) => problem !== undefined)
}

test.each([
  [['--log', '127.0.0.1:7300']],
  [kafka],
  [[...kafka, '--kafka-tls', '--kafka-ca', certificate]],
  [[...kafka, '--kafka-sasl', 'SCRAM-SHA-512', '--kafka-user', 'tern', '--kafka-password-file', password]],
])('%j is taken', (argv) => {
  expect(problemsOf(argv)).toEqual([])
})

test('a password is taken from the environment, and from no flag', () => {
  const argv = [...kafka, '--kafka-tls', '--kafka-sasl', 'PLAIN', '--kafka-user', 'tern']
  expect(problemsOf(argv, { TERN_KAFKA_PASSWORD: 'hush' })).toEqual([])
  expect(problemsOf([...argv, '--kafka-password', 'hush'])).toHaveLength(1)
})

test.each([
  [['--log', 'kafak'], '--log is "kafak"; give host:port of the embedded log, or kafka'],
  [['--log', 'kafka'], '--log kafka needs --kafka-bootstrap; give host:port of some of its nodes'],
  [['--log', 'a:1', '--kafka-bootstrap', 'b:2'], '--kafka-bootstrap is given, but not --log kafka; give both'],
  [
    [...kafka, '--kafka-sasl', 'plain', '--kafka-user', 'u', '--kafka-password-file', password],
    '--kafka-sasl is "plain"; give PLAIN, SCRAM-SHA-256, SCRAM-SHA-512',
  ],
  [
    [...kafka, '--kafka-sasl', 'SCRAM-SHA-256'],
    '--kafka-sasl needs --kafka-user and --kafka-password-file (or TERN_KAFKA_PASSWORD)',
  ],
  [[...kafka, '--kafka-tls', '--kafka-ca', 'no-such.pem'], '--kafka-ca is "no-such.pem", which cannot be read: ENOENT'],
  [[...kafka, '--kafka-tls', '--kafka-ca', key], `--kafka-ca is "${key}", and no certificate in PEM format is in it`],
  [[...kafka, '--kafka-ca', certificate], '--kafka-ca is given, but not --kafka-tls; give both'],
  [[...kafka, '--kafka-user', 'u'], 'a user or password for Kafka is given, but not --kafka-sasl; give both'],
  [
    [...kafka, '--kafka-sasl', 'SCRAM-SHA-256', '--kafka-user', 'u', '--kafka-password-file', folder],
    `--kafka-password-file is "${folder}", which cannot be read: EISDIR`,
  ],
  [
    [...kafka, '--kafka-sasl', 'PLAIN', '--kafka-user', 'u', '--kafka-password-file', password],
    '--kafka-sasl PLAIN without --kafka-tls sends the password in the clear; give --kafka-tls, or --allow-unsafe-log',
  ],
])('%j is refused in one sentence', (argv, problem) => {
  expect(problemsOf(argv)).toEqual([problem])
})

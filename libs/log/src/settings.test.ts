import { readSettings } from '@tern/config'
import { expect, test } from 'vitest'
import { checkLogSettings, logSettings } from './settings.ts'

const kafka = ['--log', 'kafka', '--kafka-bootstrap', 'a:9092,b:9092']

/** All that is wrong with a command line. */
function problemsOf(argv: readonly string[], env: Record<string, string> = {}): readonly string[] {
  const { settings, problems } = readSettings(logSettings, argv, env)
  return problems ?? checkLogSettings(settings).filter((problem) => problem !== undefined)
}

test.each([
  [['--log', '127.0.0.1:7300']],
  [kafka],
  [[...kafka, '--kafka-tls', '--kafka-sasl', 'SCRAM-SHA-512', '--kafka-user', 'tern']],
])('%j is taken', (argv) => {
  expect(problemsOf(argv, { TERN_KAFKA_PASSWORD: 'secret' })).toEqual([])
})

test.each([
  [['--log', 'kafak'], '--log is "kafak"; give host:port of the embedded log, or kafka'],
  [['--log', 'kafka'], '--log kafka needs --kafka-bootstrap; give host:port of some of its nodes'],
  [['--log', 'a:1', '--kafka-bootstrap', 'b:2'], '--kafka-bootstrap is given, but not --log kafka; give both'],
  [
    [...kafka, '--kafka-sasl', 'plain', '--kafka-user', 'u', '--kafka-password', 'p'],
    '--kafka-sasl is "plain"; give PLAIN, SCRAM-SHA-256, SCRAM-SHA-512',
  ],
  [
    [...kafka, '--kafka-sasl', 'SCRAM-SHA-256'],
    '--kafka-sasl needs --kafka-user and --kafka-password (or TERN_KAFKA_PASSWORD)',
  ],
  [[...kafka, '--kafka-tls', '--kafka-ca', 'no-such.pem'], '--kafka-ca is "no-such.pem", and no such file is there'],
  [
    [...kafka, '--kafka-sasl', 'PLAIN', '--kafka-user', 'u', '--kafka-password', 'p'],
    '--kafka-sasl PLAIN without --kafka-tls sends the password in the clear; give --kafka-tls, or --allow-unsafe-log',
  ],
])('%j is refused in one sentence', (argv, problem) => {
  expect(problemsOf(argv)).toEqual([problem])
})

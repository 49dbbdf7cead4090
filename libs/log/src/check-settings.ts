import { readFileSync } from 'node:fs'
import { saslMechanisms } from './kafka/options.ts'
import type { LogSettings } from './settings.ts'

const addressPattern = /^(?:\[[0-9a-f:.]+\]|[a-z0-9._-]+):\d{1,5}$/i

/** What no setting can judge alone. */
export function checkLogSettings(given: LogSettings): (string | undefined)[] {
  const { log, kafkaBootstrap } = given
  if (log !== 'kafka') {
    return [
      addressPattern.test(log) ? undefined : `--log is "${log}"; give host:port of the embedded log, or kafka`,
      kafkaBootstrap.length > 0 ? '--kafka-bootstrap is given, but not --log kafka; give both' : undefined,
    ]
  }
  return [
    kafkaBootstrap.length === 0
      ? '--log kafka needs --kafka-bootstrap; give host:port of some of its nodes'
      : undefined,
    ...checkTls(given),
    ...checkLogin(given),
  ]
}

function checkTls({ kafkaTls, kafkaCa }: LogSettings): (string | undefined)[] {
  return [
    kafkaCa !== '' && !kafkaTls ? '--kafka-ca is given, but not --kafka-tls; give both' : undefined,
    notReadable('--kafka-ca', kafkaCa) ??
      (kafkaCa !== '' && !readFileSync(kafkaCa, 'utf8').includes('-----BEGIN CERTIFICATE-----')
        ? `--kafka-ca is "${kafkaCa}", and no certificate in PEM format is in it`
        : undefined),
  ]
}

function checkLogin(given: LogSettings): (string | undefined)[] {
  const { kafkaTls, kafkaSasl, kafkaUser, kafkaPassword, kafkaPasswordFile: file } = given
  const passwords = [kafkaPassword, file].filter((each) => each !== '').length
  const problems = [
    kafkaSasl === '' || saslMechanisms.some((each) => each === kafkaSasl)
      ? undefined
      : `--kafka-sasl is "${kafkaSasl}"; give ${saslMechanisms.join(', ')}`,
    notReadable('--kafka-password-file', file),
    passwords === 2 ? '--kafka-password-file and TERN_KAFKA_PASSWORD are both given; give one of them' : undefined,
  ]
  if (kafkaSasl === '') {
    const idle = kafkaUser !== '' || passwords > 0
    return [...problems, idle ? 'a user or password for Kafka is given, but not --kafka-sasl; give both' : undefined]
  }
  const incomplete = kafkaUser === '' || passwords === 0
  const inTheClear = kafkaSasl === 'PLAIN' && !kafkaTls && !given.allowUnsafeLog
  return [
    ...problems,
    incomplete ? '--kafka-sasl needs --kafka-user and --kafka-password-file (or TERN_KAFKA_PASSWORD)' : undefined,
    inTheClear
      ? '--kafka-sasl PLAIN without --kafka-tls sends the password in the clear; give --kafka-tls, or --allow-unsafe-log'
      : undefined,
  ]
}

/** The files are read anew when the log is opened; here only what is wrong with them is found. */
function notReadable(label: string, file: string): string | undefined {
  if (file === '') return undefined
  try {
    readFileSync(file)
    return undefined
  } catch (error) {
    return `${label} is "${file}", which cannot be read: ${(error as NodeJS.ErrnoException).code}`
  }
}

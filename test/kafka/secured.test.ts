import { randomUUID } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connectKafkaLog, type KafkaOptions, type Log, LogError, type SaslMechanism, ternTopics } from '@tern/log'
import { batchOf, textsOf } from '@tern/log/testing'
import { createLogger, systemClock } from '@tern/runtime'
import kafkajs, { type AclOperationTypes } from 'kafkajs'
import { connectAsync } from 'mqtt'
import { afterAll, afterEach, describe, expect, inject, test } from 'vitest'
import { startRegion } from '../support/region.ts'
import { runService } from '../support/service.ts'
import { kafkaSettings } from './kafka-settings.ts'
import { login, loginLastsMs } from './secured-listeners.ts'

const { Kafka, logLevel } = kafkajs
const inClear = inject('kafkaBootstrap')
const { overTls, loginInClear, authority, anotherAuthority } = inject('kafkaSecured')
const tls = { ca: readFileSync(authority, 'utf8') }
const as = (mechanism: SaslMechanism, password = login.password) => ({ mechanism, username: login.username, password })
const wrongPassword = 'not-a-secret-2'

const folder = mkdtempSync(join(tmpdir(), 'tern-secured-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
const passwordFile = (password: string) => {
  const file = join(folder, password)
  writeFileSync(file, `${password}\n`)
  return file
}

type Security = Pick<KafkaOptions, 'tls' | 'sasl'>
const written: string[] = []
const opened: Log[] = []
afterEach(() => Promise.all(opened.splice(0).map((log) => log.close())))

const drawPrefix = () => `${randomUUID().slice(0, 8)}.`

async function open(bootstrap: string, security: Security, prefix = drawPrefix()): Promise<Log> {
  const logger = createLogger((line) => void written.push(line))
  const options = { bootstrap: bootstrap.split(','), prefix, clock: systemClock, logger, ...security }
  const log = await connectKafkaLog(options)
  opened.push(log)
  return log
}

const connections = () => process.getActiveResourcesInfo().filter((each) => each === 'TCPSocketWrap').length

/** Appends until the time is over, and resolves with what was acknowledged and what a tail delivered of it. */
async function appendAndTail(log: Log, forMs: number) {
  const delivered: string[] = []
  let wake = () => {}
  log.tail('tern.messages', 0, 0, (content) => {
    delivered.push(...textsOf(content))
    wake()
  })
  const acknowledged: string[] = []
  let connectionsAtFirst: number | undefined
  for (const until = systemClock.now() + forMs; acknowledged.length === 0 || systemClock.now() < until; ) {
    const { baseOffset } = await log.append('tern.messages', 0, batchOf('x'))
    acknowledged.push(`${baseOffset}:x`)
    connectionsAtFirst ??= connections()
  }
  while (delivered.length < acknowledged.length) await new Promise<void>((resolve) => (wake = resolve))
  return { acknowledged, delivered, connectionsMade: connections() - (connectionsAtFirst ?? 0) }
}

test.each<[mechanism: SaslMechanism, how: string, bootstrap: string, security: Pick<KafkaOptions, 'tls'>]>([
  ['SCRAM-SHA-256', 'TLS', overTls, { tls }],
  ['SCRAM-SHA-512', 'TLS', overTls, { tls }],
  ['PLAIN', 'TLS', overTls, { tls }],
  ['PLAIN', 'no TLS', loginInClear, {}],
])('%s over %s: topics are made; append, read and tail', async (mechanism, _how, bootstrap, security) => {
  const log = await open(bootstrap, { ...security, sasl: as(mechanism) })
  await log.provision(ternTopics(1))
  const { acknowledged, delivered } = await appendAndTail(log, 0)
  expect(delivered).toEqual(acknowledged)
  expect(textsOf((await log.read('tern.messages', 0, 0, 1_000_000)).batches)).toEqual(acknowledged)
})

test('a login that lasts for a time is renewed while records flow: none is refused, lost or doubled', async () => {
  const log = await open(overTls, { tls, sasl: as('SCRAM-SHA-256') })
  await log.provision(ternTopics(1))
  written.length = 0
  const { acknowledged, delivered, connectionsMade } = await appendAndTail(log, 2.5 * loginLastsMs)
  expect(delivered).toEqual(acknowledged)
  expect(written).toEqual([])
  // That of the tail.
  expect(connectionsMade).toBeLessThanOrEqual(1)
})

describe('what will never be let in is refused in a sentence, within seconds', () => {
  const sasl = as('SCRAM-SHA-256')
  test.each<[fault: string, bootstrap: string, security: Security, sentence: RegExp]>([
    ['a wrong password', overTls, { tls, sasl: as('SCRAM-SHA-512', wrongPassword) }, /"tern" in with this password/],
    ['a wrong password, PLAIN', overTls, { tls, sasl: as('PLAIN', wrongPassword) }, /"tern" in with this password/],
    ['a user nobody knows', overTls, { tls, sasl: { ...sasl, username: 'who' } }, /does not let the user "who" in/],
    ['a mechanism that is off', loginInClear, { sasl }, /does not take SCRAM-SHA-256; give by --kafka-sasl/],
    ['a wrong authority', overTls, { tls: { ca: readFileSync(anotherAuthority, 'utf8') }, sasl }, /by --kafka-ca$/],
    ['only the authorities of the system', overTls, { tls: {}, sasl }, /by --kafka-ca$/],
    ['no TLS where TLS is spoken', overTls, {}, /its listener speaks TLS; say --kafka-tls$/],
    ['no TLS, and a login, where TLS is spoken', overTls, { sasl }, /may want TLS, which takes --kafka-tls$/],
    ['TLS where none is spoken', loginInClear, { tls, sasl }, /speaks no TLS; leave --kafka-tls out/],
    ['no login where one is wanted', overTls, { tls }, /may want a login, which takes --kafka-sasl$/],
    ['a login where none is taken', inClear, { sasl: as('PLAIN') }, /takes no login; leave --kafka-sasl out/],
  ])('%s', async (_fault, bootstrap, security, sentence) => {
    const error = await open(bootstrap, security).catch((thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(LogError)
    const { failure, message } = error as LogError
    expect(failure).toBe('refused')
    expect(message).toMatch(/^Kafka at 127\.0\.0\.1:\d+: it(s)? /)
    expect(message).toMatch(sentence)
    expect(message).not.toContain(wrongPassword)
  })
})

/** A rule of Kafka's against the user, for all topics of the prefix. */
async function forbid(prefix: string, operation: AclOperationTypes): Promise<void> {
  const admin = new Kafka({ brokers: inClear.split(','), logLevel: logLevel.NOTHING }).admin()
  await admin.connect()
  const { AclPermissionTypes, AclResourceTypes, ResourcePatternTypes } = kafkajs
  const rule = {
    ...{ resourceType: AclResourceTypes.TOPIC, resourceName: prefix, host: '*', operation },
    ...{ resourcePatternType: ResourcePatternTypes.PREFIXED, principal: `User:${login.username}` },
    permissionType: AclPermissionTypes.DENY,
  }
  await admin.createAcls({ acl: [rule] })
  await admin.disconnect()
}

test('what access rules forbid is refused in a sentence: to make topics, and to write', async () => {
  const { CREATE, WRITE } = kafkajs.AclOperationTypes
  const security = { tls, sasl: as('SCRAM-SHA-256') }
  const prefix = drawPrefix()
  await forbid(prefix, CREATE)
  const made = (await open(overTls, security, prefix)).provision(ternTopics(1))
  await expect(made).rejects.toMatchObject({
    failure: 'refused',
    message: expect.stringMatching(/do not let the user "tern" .*_AUTHORIZATION_FAILED.*; allow Create, /),
  })
  const other = drawPrefix()
  const log = await open(overTls, security, other)
  await log.provision(ternTopics(1))
  const append = () => log.append('tern.messages', 0, batchOf('x'))
  await append()
  await forbid(other, WRITE)
  const failure = () =>
    append().then(
      () => 'none',
      (error: LogError) => error.failure,
    )
  await expect.poll(failure, { timeout: 10_000 }).toBe('refused')
})

const flagsFor = (ca: string) => [
  ...['--log', 'kafka', '--kafka-bootstrap', overTls, '--kafka-prefix', `${randomUUID().slice(0, 8)}.`],
  ...['--kafka-tls', '--kafka-ca', ca, '--kafka-sasl', 'SCRAM-SHA-256', '--kafka-user', login.username],
]

test.each<[program: string, flags: readonly string[]]>([
  ['services/nameserver/src/main.ts', ['--zone', 'z', '--listen', '127.0.0.1:0']],
  ['services/broker/src/main.ts', ['--zone', 'z', '--listen', '127.0.0.1:0', '--nameservers', '127.0.0.1:1']],
  ['tools/region/main.ts', ['--data', join(folder, 'region'), '--port', '0']],
])('%s ends with exit code 2 and the sentence, and tells no password', async (program, flags) => {
  const wrong = runService(program, [...flags, ...flagsFor(authority)], { TERN_KAFKA_PASSWORD: wrongPassword })
  const { code, stderr } = await wrong.ended
  expect(code).toBe(2)
  expect(stderr).toMatch(/^cannot start.*Kafka at \S+: it does not let the user "tern" in with this password/)
  expect(stderr).not.toContain(wrongPassword)
  const file = ['--kafka-password-file', passwordFile(login.password)]
  const untrusting = runService(program, [...flags, ...flagsFor(anotherAuthority), ...file])
  expect(await untrusting.ended).toMatchObject({ code: 2, stderr: expect.stringContaining('by --kafka-ca') })
})

test('a region over TLS with a login, its password in a file', async () => {
  const file = ['--kafka-password-file', passwordFile(login.password)]
  const region = await startRegion(kafkaSettings(overTls, [...flagsFor(authority).slice(6), ...file]))
  try {
    const [here = '', there = ''] = region.addresses
    const subscriber = await connectAsync(`mqtt://${here}`)
    const received = new Promise((resolve) => subscriber.on('message', (_, payload) => resolve(String(payload))))
    await subscriber.subscribeAsync('secured/+', { qos: 1 })
    const publisher = await connectAsync(`mqtt://${there}`)
    await publisher.publishAsync('secured/x', 'hello', { qos: 1 })
    expect(await received).toBe('hello')
    await Promise.all([subscriber.endAsync(true), publisher.endAsync(true)])
  } finally {
    await region.stop()
  }
})

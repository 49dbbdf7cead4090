import { spawnSync } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type NodeNumber, nodeNumbers, type Ports } from '../../tools/kafka/properties.ts'
import { freePorts } from '../../tools/region/ports.ts'

/** Who may log in to the listeners below. */
export const login = { username: 'tern', password: 'not-a-secret-1' }

export const loginLastsMs = 4_000

export type SecuredAddresses = Readonly<{
  /** host:port of each node, with commas: SASL over TLS, and in the clear. */
  overTls: string
  loginInClear: string
  /** PEM files: of who signed the nodes' certificates, and of somebody else. */
  authority: string
  anotherAuthority: string
}>

type SecuredListeners = Readonly<{
  addresses: SecuredAddresses
  properties(node: NodeNumber, ports: Ports): readonly string[]
  formatting: readonly string[]
}>

/** Above the ports that clusters draw, below those that systems take for outgoing connections. */
const drawPort = () => 30_000 + Math.floor(Math.random() * 2_000)

/** Two listeners more for each node: SASL over TLS, with certificates of an authority of their own, and PLAIN in the clear. */
export async function secureListeners(folder: string): Promise<SecuredListeners> {
  mkdirSync(folder, { recursive: true })
  const authority = makeAuthority(folder, 'authority')
  const keyStore = makeKeyStore(folder, authority)
  const free = await freePorts(2 * nodeNumbers.length, drawPort)
  const portOf = (node: NodeNumber, listener: 0 | 1) => free[(node - 1) * 2 + listener] as number
  const bootstrap = (listener: 0 | 1) => nodeNumbers.map((node) => `127.0.0.1:${portOf(node, listener)}`).join(',')
  return {
    addresses: {
      overTls: bootstrap(0),
      loginInClear: bootstrap(1),
      authority: authority.certificate,
      anotherAuthority: makeAuthority(folder, 'another').certificate,
    },
    properties: (node, ports) => [...listenersOf(ports, portOf(node, 0), portOf(node, 1)), ...securityOf(keyStore)],
    formatting: ['SCRAM-SHA-256', 'SCRAM-SHA-512'].flatMap((mechanism) => [
      '--add-scram',
      `${mechanism}=[name=${login.username},password=${login.password}]`,
    ]),
  }
}

/** In place of the lines of the same names: of two, Java takes the later one. */
function listenersOf({ client, controller }: Ports, tls: number, clear: number): string[] {
  const reachable = [
    `PLAINTEXT://127.0.0.1:${client}`,
    `SASL_SSL://127.0.0.1:${tls}`,
    `SASL_PLAINTEXT://127.0.0.1:${clear}`,
  ].join(',')
  return [
    `listeners=${reachable},CONTROLLER://127.0.0.1:${controller}`,
    `advertised.listeners=${reachable}`,
    `listener.security.protocol.map=${['PLAINTEXT', 'SASL_SSL', 'SASL_PLAINTEXT'].map((each) => `${each}:${each}`)},CONTROLLER:PLAINTEXT`,
  ]
}

function securityOf(keyStore: string): string[] {
  const plain = `org.apache.kafka.common.security.plain.PlainLoginModule required user_${login.username}="${login.password}";`
  const scram = 'org.apache.kafka.common.security.scram.ScramLoginModule required;'
  return [
    'listener.name.sasl_ssl.ssl.keystore.type=PEM',
    `listener.name.sasl_ssl.ssl.keystore.location=${keyStore}`,
    // A login lasts so long: tests see clients log in again on the way.
    `listener.name.sasl_ssl.connections.max.reauth.ms=${loginLastsMs}`,
    'listener.name.sasl_ssl.sasl.enabled.mechanisms=PLAIN,SCRAM-SHA-256,SCRAM-SHA-512',
    `listener.name.sasl_ssl.plain.sasl.jaas.config=${plain}`,
    `listener.name.sasl_ssl.scram-sha-256.sasl.jaas.config=${scram}`,
    `listener.name.sasl_ssl.scram-sha-512.sasl.jaas.config=${scram}`,
    'listener.name.sasl_plaintext.sasl.enabled.mechanisms=PLAIN',
    // Rules bind those who log in, and there are none but what tests make.
    'authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer',
    'allow.everyone.if.no.acl.found=true',
    'super.users=User:ANONYMOUS',
    `listener.name.sasl_plaintext.plain.sasl.jaas.config=${plain}`,
  ]
}

type Authority = Readonly<{ certificate: string; key: string }>

function makeAuthority(folder: string, name: string): Authority {
  const files = { certificate: join(folder, `${name}.pem`), key: join(folder, `${name}.key`) }
  certify(name, files.certificate, files.key)
  return files
}

/** The key and the certificate of a node, in one file as Kafka wants them. */
function makeKeyStore(folder: string, authority: Authority): string {
  const [certificate, key] = [join(folder, 'node.pem'), join(folder, 'node.key')]
  const signed = ['-CA', authority.certificate, '-CAkey', authority.key]
  certify('node', certificate, key, [...signed, '-addext', 'subjectAltName=IP:127.0.0.1,DNS:localhost'])
  const keyStore = join(folder, 'node-with-key.pem')
  writeFileSync(keyStore, [key, certificate].map((file) => readFileSync(file, 'utf8')).join(''))
  return keyStore
}

function certify(name: string, certificate: string, key: string, more: readonly string[] = []): void {
  const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes']
  const args = ['req', '-x509', ...curve, '-days', '2', '-subj', `/CN=${name}`, '-keyout', key, '-out', certificate]
  const { status, error, stderr } = spawnSync('openssl', [...args, ...more], { encoding: 'utf8' })
  if (status !== 0) throw new Error(`openssl could not make the certificate of ${name}: ${error?.message ?? stderr}`)
}

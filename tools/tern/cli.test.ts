import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, expect, test } from 'vitest'
import { run } from './cli.ts'
import { commands } from './commands.ts'

let server: Server | undefined
afterEach(() => {
  server?.closeAllConnections()
  server?.close()
})

type Answer = Readonly<{ status?: number; body: unknown }>

/** An API that gives these answers, by method, and remembers what it was asked. */
async function api(answers: Record<string, Answer>) {
  const asked: [method: string, request: unknown][] = []
  server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const method = (request.url ?? '').replace('/tern.v1.', '')
      asked.push([method, JSON.parse(Buffer.concat(chunks).toString())])
      const { status = 200, body } = answers[method] ?? {
        status: 404,
        body: { code: 'unimplemented', message: method },
      }
      response.writeHead(status, { 'content-type': 'application/json' })
      response.end(typeof body === 'string' ? body : JSON.stringify(body))
    })
  })
  await new Promise<void>((resolve) => server?.listen(0, '127.0.0.1', resolve))
  return { asked, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` }
}

async function tern(line: string, url = 'http://127.0.0.1:1', width?: number) {
  const [told, complained]: [string[], string[]] = [[], []]
  const streams = {
    out: (text: string) => void told.push(text),
    error: (text: string) => void complained.push(text),
    width,
  }
  const argv = [...line.split(' '), '--url', url]
  const exit = await run(argv, commands, { streams, env: {}, signal: new AbortController().signal })
  return { exit, out: told.join(''), error: complained.join('') }
}

const refusal = (code: string, reason: string, message: string) => ({
  code,
  message,
  details: [{ type: 'google.rpc.ErrorInfo', value: '', debug: { reason, metadata: { hint: 'tern doctor' } } }],
})

test('a command that is not there, lacks a word or has one too many ends with 2 and says what to type', async () => {
  expect(await tern('fly')).toMatchObject({
    exit: 2,
    out: '',
    error: expect.stringContaining('there is no command "fly"'),
  })
  expect(await tern('simulate')).toMatchObject({ exit: 2, error: expect.stringContaining('tern simulate fleet') })
  expect(await tern('get')).toMatchObject({ exit: 2, error: expect.stringContaining('MESSAGE is missing') })
  expect(await tern('get 1-1 2-2')).toMatchObject({
    exit: 2,
    error: expect.stringContaining('"2-2" is one word too many'),
  })
  expect(await tern('status --wings')).toMatchObject({ exit: 2, error: expect.stringContaining("'--wings'") })
  expect(await tern('status -o xml')).toMatchObject({ exit: 2, error: expect.stringContaining('table, json or env') })
})

test('who cannot be reached is named, with exit code 3 and a next step', async () => {
  const { exit, error } = await tern('status')
  expect(exit).toBe(3)
  expect(error).toContain('cannot reach http://127.0.0.1:1 (--url): ECONNREFUSED')
  expect(error).toContain('hint:  tern doctor')
})

test('a refusal shows reason and hint; as JSON when JSON was asked for', async () => {
  const { url } = await api({
    'MessagingService/GetMessage': {
      status: 403,
      body: refusal('permission_denied', 'NO_RULE_MATCHED', 'not allowed'),
    },
  })
  expect(await tern('get 1-1', url)).toEqual({
    exit: 4,
    out: '',
    error: 'error: not allowed (PERMISSION_DENIED, NO_RULE_MATCHED)\nhint:  tern doctor\n',
  })
  const { exit, error } = await tern('get 1-1 -o json', url)
  expect(exit).toBe(4)
  expect(JSON.parse(error)).toEqual({
    error: {
      message: 'not allowed',
      code: 'permission_denied',
      reason: 'NO_RULE_MATCHED',
      hint: 'tern doctor',
      exitCode: 4,
    },
  })
})

test('another program on the port is told apart from the API', async () => {
  const { url } = await api({
    'ClusterService/GetTopology': { body: '<html>' },
    'ClusterService/GetServerInfo': { body: '<html>' },
  })
  expect((await tern('status', url)).error).toContain('something that is no JSON: <html>')
})

test('a list goes over pages until its limit, and names who did not answer', async () => {
  const client = (clientId: string) => ({ clientId, state: 'CLIENT_STATE_CONNECTED' })
  const body = { clients: [client('a'), client('b')], nextPageToken: 'next', unreachable: ['broker-c'] }
  const { url, asked } = await api({ 'ClientService/ListClients': { body } })
  const { out, error, exit } = await tern('clients ls car- -n 4', url)
  expect(exit).toBe(0)
  expect(asked.map(([, request]) => request)).toEqual([
    { filter: 'client_id = "car-*"', orderBy: '', pageSize: 4, pageToken: '' },
    { filter: 'client_id = "car-*"', orderBy: '', pageSize: 2, pageToken: 'next' },
  ])
  expect(out.split('\n')).toHaveLength(6)
  expect(error).toContain('there are more')
  expect(error).toContain('no answer from broker-c')
})

test('what clients wrote cannot move the cursor, colour the terminal or forge a line', async () => {
  const clients = [{ clientId: 'x\u001b[2J\nforged \u202eline', state: 'CLIENT_STATE_CONNECTED' }]
  const { url } = await api({ 'ClientService/ListClients': { body: { clients } } })
  const { out } = await tern('clients ls', url)
  expect(out).toContain('x\\u001b[2J\\u000aforged \\u202eline')
  expect(out.split('\n')).toHaveLength(3)
})

test('lines are cut to the terminal, and whole in a pipe', async () => {
  const { url } = await api({ 'ClientService/ListClients': { body: { clients: [{ clientId: 'c'.repeat(200) }] } } })
  expect(Math.max(...(await tern('clients ls', url, 80)).out.split('\n').map((line) => line.length))).toBe(80)
  expect((await tern('clients ls', url)).out).toContain('c'.repeat(200))
})

test('options for all commands may stand before the command', async () => {
  const { url, asked } = await api({ 'ClientService/ListClients': { body: {} } })
  expect(await tern(`-o json --url ${url} clients ls`, url)).toMatchObject({ exit: 0, out: '[]\n' })
  expect(asked).toHaveLength(1)
})

test('publishing says where the message is stored', async () => {
  const receipt = { messageId: '7-1042', position: { queue: 7, offset: '1042' } }
  const { url, asked } = await api({ 'MessagingService/Publish': { body: { results: [{ receipt }] } } })
  const { out } = await tern('pub demo/hello -m hi -q 2 -r --property a=b=c', url)
  expect(out).toMatch(/^stored 7-1042 {2}queue 7 offset 1042 {2}[\d.]+ ms\n$/)
  expect(asked[0]?.[1]).toMatchObject({
    messages: [
      {
        ...{ topic: 'demo/hello', payload: 'aGk=', qos: 'QUALITY_OF_SERVICE_EXACTLY_ONCE', retain: true },
        userProperties: [{ name: 'a', value: 'b=c' }],
      },
    ],
  })
  expect((await tern('pub demo -q 3', url)).exit).toBe(2)
})

test('JSON is the answer and nothing else', async () => {
  const { url } = await api({ 'ClientService/ListClients': { body: { clients: [], unreachable: ['broker-a'] } } })
  expect(await tern('clients ls -o json', url)).toEqual({ exit: 0, out: '[]\n', error: '' })
})

test('a word that stands for several commands lists what there is, and says with --help what else it can', async () => {
  const { asked, url } = await api({ 'ClientService/ListClients': { body: { clients: [] } } })
  expect(await tern('clients -o json', url)).toMatchObject({ exit: 0, out: '[]\n' })
  expect(asked.map(([method]) => method)).toEqual(['ClientService/ListClients'])
  const { exit, out } = await tern('clients --help', url)
  expect([exit, out.includes('clients kick'), out.includes('topics')]).toEqual([0, true, false])
})

test('a group is named by its name alone where that is enough, and the choices are told where it is not', async () => {
  const groups = [
    { name: 'one', topicFilter: 'a/#' },
    { name: 'two', topicFilter: 'a/#' },
    { name: 'two', topicFilter: 'b' },
  ]
  const { asked, url } = await api({
    'SubscriptionService/ListGroups': { body: { groups } },
    'SubscriptionService/GetGroup': { body: { group: {} } },
  })
  expect(await tern('groups get one', url)).toMatchObject({ exit: 0 })
  expect(asked.at(-1)).toEqual(['SubscriptionService/GetGroup', { sharedFilter: '$share/one/a/#' }])
  expect(await tern('groups get two', url)).toMatchObject({ exit: 2, error: expect.stringContaining("'$share/two/b'") })
  expect(await tern('groups get three', url)).toMatchObject({ exit: 1, error: expect.stringContaining('no group') })
})

test('resend on trial says what would be published, and no more', async () => {
  const body = { results: [{}], messages: [{ topic: 't', payload: 'aGk=' }] }
  const { url } = await api({ 'MessagingService/ResendMessages': { body } })
  const { exit, out } = await tern('resend 1-0 --dry-run', url)
  expect([exit, out]).toEqual([0, 'would publish t  hi\n'])
})

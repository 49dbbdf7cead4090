import { expect, onTestFinished, test } from 'vitest'
import { served } from './served.fixture.ts'

async function begin() {
  const { address, query } = await served(onTestFinished)
  const call = (path: string, init: RequestInit = {}) => fetch(`http://${address}${path}`, init)
  return { call, query }
}

test('a body is published as it is, and its sender is told where it stands', async () => {
  const { call, query } = await begin()
  const response = await call('/v1/topics/demo/a%20b/messages?property=kind=x=y', {
    method: 'POST',
    body: 'from curl',
    headers: { 'content-type': 'text/plain', 'tern-retain': 'true', 'tern-client-id': 'shell' },
  })
  expect(response.status).toBe(200)
  const { messageId } = (await response.json()) as { messageId: string }
  const { messages } = await query({ topicFilter: 'demo/#' })
  expect(messages).toMatchObject([
    {
      ...{
        messageId,
        topic: 'demo/a b',
        publisherClientId: 'shell',
        payload: Buffer.from('from curl'),
        retain: true,
        contentType: 'text/plain',
      },
      userProperties: [{ name: 'kind', value: 'x=y' }],
    },
  ])
})

test('the newest messages of a filter are shown', async () => {
  const { call } = await begin()
  const { messages } = (await (await call('/v1/topics/t%2F%2B/messages')).json()) as { messages: { topic: string }[] }
  expect(messages).toHaveLength(30)
  expect(messages[0]?.topic).toBe('t/2')
})

test('who follows gets an event for each message that comes', async () => {
  const { call } = await begin()
  const stop = new AbortController()
  const response = await call('/v1/topics/live/%23/messages?follow=1', { signal: stop.signal })
  expect(response.headers.get('content-type')).toMatch(/^text\/event-stream/)
  await call('/v1/topics/live/x/messages', { method: 'POST', body: 'hi' })
  let text = ''
  for await (const chunk of response.body as AsyncIterable<Uint8Array>) {
    text += Buffer.from(chunk).toString()
    if (text.includes('data: ')) break
  }
  stop.abort()
  expect(JSON.parse(/^data: (.*)$/m.exec(text)?.[1] ?? '')).toMatchObject({ topic: 'live/x', payload: 'aGk=' })
  expect(text).toMatch(/^id: \S+$/m)
})

test.each<[name: string, path: string, init: RequestInit, reason: string]>([
  ['a wildcard', '/v1/topics/a/%2B/messages', { method: 'POST' }, 'TOPIC_INVALID'],
  ['broken percent signs', '/v1/topics/%zz/messages', { method: 'POST' }, 'TOPIC_INVALID'],
  [
    'a page of another site',
    '/v1/topics/a/messages',
    { method: 'POST', headers: { origin: 'http://x' } },
    'ORIGIN_REFUSED',
  ],
  ['a QoS of 3', '/v1/topics/a/messages', { method: 'POST', headers: { 'tern-qos': '3' } }, 'FIELD_INVALID'],
  [
    'an expiry of a day in words',
    '/v1/topics/a/messages',
    { method: 'POST', headers: { 'tern-expiry-seconds': '1d' } },
    'EXPIRY_INVALID',
  ],
  ['a filter that is none', '/v1/topics/a%23/messages', {}, 'TOPIC_FILTER_INVALID'],
])('%s is refused with a reason', async (_, path, init, reason) => {
  const { call } = await begin()
  const response = await call(path, init)
  expect(response.status).toBe(400)
  const { details } = (await response.json()) as { details: { debug: { reason?: string } }[] }
  expect(details.map(({ debug }) => debug.reason)).toContain(reason)
})

test('other paths are none of these', async () => {
  const { call } = await begin()
  expect((await call('/v1/topics/messages')).status).toBe(404)
  expect((await call('/v1/topics/a/messages', { method: 'DELETE' })).status).toBe(404)
})

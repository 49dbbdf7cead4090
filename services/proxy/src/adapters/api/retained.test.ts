import { message, retained } from '@tern/proto'
import { expect, onTestFinished, test } from 'vitest'
import { publishTo } from './publish.ts'
import { deleteRetained } from './retained.ts'
import { served } from './served.fixture.ts'

async function opened() {
  const world = await served(onTestFinished, 5)
  const { keeper, owners } = world
  const set = (topic: string, payload: string) =>
    keeper.setRetained(
      retained.SetRetainedRequest.create({ message: message.Message.create({ topic, payload: Buffer.from(payload) }) }),
    )
  const topicsOf = async (fields: Partial<retained.ListRetainedRequest>) => {
    const topics: string[] = []
    for (let pageToken = ''; ; ) {
      const page = await keeper.listRetained(retained.ListRetainedRequest.create({ ...fields, pageToken }))
      topics.push(...page.messages.map(({ topic }) => topic))
      if (page.nextPageToken === '') return topics
      pageToken = page.nextPageToken
    }
  }
  return { ...world, keeper, owners, set, topicsOf }
}

test('retained messages of all queues are listed in the byte order of their topics, page by page', async () => {
  const { set, topicsOf } = await opened()
  const names = Array.from({ length: 25 }, (_, i) => `r/${(i * 7) % 25}/é`)
  for (const name of [...names, '$own/x', 'R']) await set(name, name)
  const ordered = [...names, 'R'].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
  expect(await topicsOf({ pageSize: 4 })).toEqual(ordered)
  expect(await topicsOf({ pageSize: 3, topicFilter: 'r/+/é' })).toEqual(ordered.filter((name) => name !== 'R'))
  expect(await topicsOf({ topicFilter: '$own/#' })).toEqual(['$own/x'])
})

test('what is set is there at once, and what is deleted is not', async () => {
  const { keeper, set, topicsOf, owners } = await opened()
  const { receipt } = await set('lamp', 'on')
  const queue = owners.scans.queueOf('lamp')
  const { offset } = receipt?.position ?? {}
  expect(receipt).toMatchObject({ messageId: `${queue}-${offset}`, deduplicated: false })
  const found = await keeper.getRetained({ topic: 'lamp' })
  expect(found.message).toMatchObject({ payload: Buffer.from('on'), retain: true, topic: 'lamp' })
  for (const name of ['a/1', 'a/2', 'b']) await set(name, 'x')
  expect(await keeper.deleteRetained({ topicFilter: 'a/#', validateOnly: true })).toEqual({ deleted: 2, more: false })
  expect(await topicsOf({})).toEqual(['a/1', 'a/2', 'b', 'lamp'])
  expect(await keeper.deleteRetained({ topicFilter: 'a/#', validateOnly: false })).toEqual({ deleted: 2, more: false })
  expect(await topicsOf({})).toEqual(['b', 'lamp'])
})

test('what has expired is retained no more', async () => {
  const { owners, topicsOf } = await opened()
  owners.publish('old', 'x', Date.now() - 5_000, { retain: true, messageExpirySeconds: 4 })
  owners.publish('young', 'x', Date.now() - 5_000, { retain: true, messageExpirySeconds: 60 })
  expect(await topicsOf({})).toEqual(['young'])
})

test('queues that give no answer are named, and nothing is deleted behind their back', async () => {
  const { keeper, owners, set } = await opened()
  await set('a/1', 'x')
  owners.kill(1)
  const page = await keeper.listRetained(retained.ListRetainedRequest.create({}))
  expect(page.unreachableQueues).toEqual([1, 3])
  const call = { signal: new AbortController().signal, deadlineMs: undefined }
  const publish = publishTo(owners.region(), { clientId: 'c', principal: '' })
  const request = { topicFilter: 'a/#', validateOnly: false }
  await expect(deleteRetained(request, owners.looking(), publish, call)).rejects.toMatchObject({
    code: 'UNAVAILABLE',
    reason: 'QUEUE_UNREACHABLE',
  })
}, 15_000)

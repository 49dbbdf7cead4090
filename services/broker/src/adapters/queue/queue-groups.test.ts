import { LogError } from '@tern/log'
import { expect, test } from 'vitest'
import { quotasUnlessTold } from '../../core/quotas.ts'
import { type FakeProxy, region } from '../link/link.fixture.ts'

const quotas = { ...quotasUnlessTold, groupsMax: 2 }
let ids = 0

async function make(proxy: FakeProxy, group: string): Promise<number> {
  const id = ++ids
  proxy.send({ groupMakes: [{ id, queue: 0, group }] })
  return (await proxy.find('groupMakeAnswers', (answer) => answer.id === id)).reasonCode
}

test('a group beyond the quota of its queue is refused with 0x97; those that are there are found, also by the next owner', async () => {
  const { broker } = await region({ quotas })
  const first = broker(1)
  await first.own([0, 1], 10)
  const proxy = first.connect(7)
  const one = ['$share/a/#', '$share/b/#', '$share/c/#', '$share/a/#', '$share/a/x']
  expect(await Promise.all(one.map((group) => make(proxy, group)))).toEqual([0, 0, 0x97, 0, 0x97])
  const second = broker(2)
  await second.own([0, 1], 20)
  const other = second.connect(8)
  expect(await Promise.all(one.map((group) => make(other, group)))).toEqual([0, 0, 0x97, 0, 0x97])
})

test('a group is answered for when it is durable, to everybody who asks for it', async () => {
  const { broker, faults } = await region()
  const owner = broker(1)
  await owner.own([0, 1], 10)
  const proxy = owner.connect(7)
  let refusals = 0
  faults.beforeAppend = () => {
    refusals++
    throw new LogError('refused', 'no room')
  }
  let answered = 0
  const both = ['$share/a/#', '$share/a/#'].map((group) => make(proxy, group).then(() => answered++))
  await expect.poll(() => refusals).toBeGreaterThan(2)
  expect(answered).toBe(0)
  delete faults.beforeAppend
  await Promise.all(both)
  expect(owner.homes.store(0)?.get('group/$share/a/#')).toMatchObject({ $case: 'group' })
})

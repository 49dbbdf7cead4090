import { expect, test } from 'vitest'
import { type Clock, Silence } from './index.ts'

/** Tasks run when the test says so. */
function turns() {
  let now = 0
  const tasks: (() => void)[] = []
  const clock: Clock = {
    now: () => now,
    after(_, task) {
      tasks.push(task)
      return { cancel() {} }
    },
    soon() {},
  }
  return { clock, pass: (ms: number) => (now += ms), next: () => tasks.shift()?.() }
}

test('a silence begins with the first question that is not answered, lasts through refusals, and ends with an answer', async () => {
  const { clock, pass, next } = turns()
  const asked: PromiseWithResolvers<void>[] = []
  const silence = new Silence(
    clock,
    () => (asked[asked.push(Promise.withResolvers()) - 1] as PromiseWithResolvers<void>).promise,
    10,
  )
  const settled = () => new Promise((resolve) => setImmediate(resolve))
  asked[0]?.resolve()
  await settled()
  pass(10)
  expect(silence.ms).toBe(0)
  next()
  pass(30)
  asked[1]?.reject(new Error('away'))
  await settled()
  pass(10)
  next()
  expect([silence.ms, silence.answeredForMs]).toEqual([40, 0])
  asked[2]?.resolve()
  await settled()
  expect(silence.ms).toBe(0)
  pass(7)
  expect(silence.answeredForMs).toBe(7)
  silence.stop()
  next()
  asked[3]?.resolve()
  await settled()
  expect(next()).toBeUndefined()
  expect(asked).toHaveLength(4)
})

import type { Clock } from '@tern/runtime'

const answerWithin = 5_000

export type Waiting<Answer> = Readonly<{ resolve: (answer: Answer) => void; reject: (error: Error) => void }>

/** Rejects when nothing came in time: a queue that is given up meanwhile never answers. */
export function within<Answer>(clock: Clock, start: (waiting: Waiting<Answer>) => void): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const timer = clock.after(answerWithin, () => reject(new Error('no answer in time')))
    start({
      resolve: (answer) => {
        timer.cancel()
        resolve(answer)
      },
      reject: (error) => {
        timer.cancel()
        reject(error)
      },
    })
  })
}

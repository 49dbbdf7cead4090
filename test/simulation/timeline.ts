import type { Clock } from '@tern/runtime'

type Task = { at: number; order: number; process: Process; run: () => void; cancelled: boolean }

/** A process of the simulated region: it runs, stands still (SIGSTOP) or is gone (kill -9). */
export class Process {
  readonly name: string
  phase: 'running' | 'paused' | 'gone' = 'running'
  /** What came due while it stood still. */
  readonly held: Task[] = []

  constructor(name: string) {
    this.name = name
  }

  get gone(): boolean {
    return this.phase === 'gone'
  }
}

/** Virtual time. Tasks run one at a time, in the order of their time and, for the same time, of their making. */
export class Timeline {
  now = 1_000_000
  steps = 0
  private order = 0
  private readonly tasks: Task[] = []

  /** Time as a process sees it. A process that is gone gets none. */
  clockOf(process: Process): Clock {
    return {
      now: () => Math.floor(this.now),
      after: (delay, run) => {
        const task = this.schedule(process, delay, run)
        return {
          cancel: () => {
            task.cancelled = true
          },
        }
      },
      soon: (run) => void this.schedule(process, 0, run),
    }
  }

  schedule(process: Process, delay: number, run: () => void): Task {
    const task = { at: this.now + Math.max(0, delay), order: this.order++, process, run, cancelled: false }
    this.push(task)
    return task
  }

  pause(process: Process): void {
    if (process.phase === 'running') process.phase = 'paused'
  }

  resume(process: Process): void {
    if (process.phase !== 'paused') return
    process.phase = 'running'
    for (const task of process.held.splice(0)) {
      task.at = this.now
      this.push(task)
    }
  }

  kill(process: Process): void {
    process.phase = 'gone'
    process.held.length = 0
  }

  /** Runs until the time has come, or `done` says so after a step. */
  async runUntil(time: number, done: () => boolean = () => false): Promise<void> {
    while (this.tasks.length > 0 && (this.tasks[0] as Task).at <= time) {
      const task = this.pop()
      this.now = Math.max(this.now, task.at)
      if (task.cancelled || task.process.gone) continue
      if (task.process.phase === 'paused') {
        task.process.held.push(task)
        continue
      }
      this.steps++
      task.run()
      await settled()
      if (done()) return
    }
    this.now = Math.max(this.now, time)
  }

  private push(task: Task): void {
    const heap = this.tasks
    let at = heap.push(task) - 1
    while (at > 0) {
      const parent = (at - 1) >> 1
      if (!isBefore(task, heap[parent] as Task)) break
      heap[at] = heap[parent] as Task
      at = parent
    }
    heap[at] = task
  }

  private pop(): Task {
    const heap = this.tasks
    const top = heap[0] as Task
    const last = heap.pop() as Task
    if (heap.length === 0) return top
    let at = 0
    for (;;) {
      let child = 2 * at + 1
      if (child >= heap.length) break
      if (child + 1 < heap.length && isBefore(heap[child + 1] as Task, heap[child] as Task)) child++
      if (!isBefore(heap[child] as Task, last)) break
      heap[at] = heap[child] as Task
      at = child
    }
    heap[at] = last
    return top
  }
}

const isBefore = (a: Task, b: Task): boolean => a.at < b.at || (a.at === b.at && a.order < b.order)

/** All that promises do in this step is done when the real event loop turns. */
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

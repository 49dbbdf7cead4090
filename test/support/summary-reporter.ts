import { writeFileSync } from 'node:fs'
import type { Reporter, SerializedError, TestModule } from 'vitest/node'

export type Counts = { passed: number; failed: number; skipped: number }

/** One plain line at the end of a run, for people and for whatever reads the output of a build. */
export class SummaryReporter implements Reporter {
  private readonly file: string | undefined

  /** `file`: also writes the counts there, as JSON. */
  constructor(file?: string) {
    this.file = file
  }

  onTestRunEnd(modules: readonly TestModule[], unhandled: readonly SerializedError[]): void {
    const counts = countTests(modules)
    // An error outside all tests fails the run, so it must not read as "0 failed".
    counts.failed += unhandled.length
    const { passed, failed, skipped } = counts
    process.stdout.write(`\ntests: ${passed} passed, ${failed} failed, ${skipped} skipped\n`)
    if (this.file) writeFileSync(this.file, JSON.stringify(counts))
  }
}

function countTests(modules: readonly TestModule[]): Counts {
  const counts = { passed: 0, failed: 0, skipped: 0 }
  for (const module of modules) {
    if (module.errors().length > 0) counts.failed++
    for (const test of module.children.allTests()) {
      const { state } = test.result()
      counts[state === 'pending' ? 'skipped' : state]++
    }
  }
  return counts
}

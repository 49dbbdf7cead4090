import { defineConfig } from 'vitest/config'
import { SummaryReporter } from './test/support/summary-reporter.ts'

/** Tests of timing over processes of their own; beside other work they would measure that. */
const processes = 'services/**/*.region.test.ts'

export default defineConfig({
  test: {
    reporters: [process.env['CI'] ? 'default' : 'dot', new SummaryReporter(process.env['TERN_TEST_SUMMARY'])],
    projects: [
      {
        test: {
          name: 'unit',
          include: [
            'libs/**/*.test.ts',
            'services/**/*.test.ts',
            'test/*.test.ts',
            'test/failure/**/*.test.ts',
            'test/simulation/**/*.test.ts',
            'tools/**/*.test.ts',
          ],
          exclude: [processes],
          sequence: { groupOrder: 0 },
        },
      },
      {
        // Whole regions of processes: one at a time, after the unit tests.
        test: {
          name: 'e2e',
          include: ['test/conformance/**/*.test.ts', 'test/e2e/**/*.test.ts', processes],
          maxWorkers: 1,
          testTimeout: 60_000,
          hookTimeout: 60_000,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
})

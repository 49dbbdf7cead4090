import { defineConfig } from 'vitest/config'
import { SummaryReporter } from './test/support/summary-reporter.ts'

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
          sequence: { groupOrder: 0 },
        },
      },
      {
        // Whole regions of processes: one at a time, after the unit tests.
        test: {
          name: 'e2e',
          include: ['test/conformance/**/*.test.ts', 'test/e2e/**/*.test.ts'],
          maxWorkers: 1,
          testTimeout: 60_000,
          hookTimeout: 60_000,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
})

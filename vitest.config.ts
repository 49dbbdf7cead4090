import { defineConfig } from 'vitest/config'
import { plantedFault } from './test/rules/plant.ts'
import { SummaryReporter } from './test/support/summary-reporter.ts'

/** Tests of timing over processes of their own; beside other work they would measure that. */
const processes = 'services/**/*.region.test.ts'

/** Regions, Kafka and the browser share the cores of one machine: what comes, comes; how soon is for the benches. */
const patient = { expect: { poll: { timeout: 15_000 } } }

export default defineConfig({
  test: {
    // What is cached must be the product, never one with a fault.
    fsModuleCache: process.env['TERN_PLANT'] === undefined,
    reporters: [process.env['CI'] ? 'default' : 'dot', new SummaryReporter(process.env['TERN_TEST_SUMMARY'])],
    projects: [
      {
        plugins: plantedFault(process.env['TERN_PLANT']),
        test: {
          name: 'unit',
          include: [
            'libs/**/*.test.ts',
            'services/**/*.test.ts',
            'test/*.test.ts',
            'test/failure/**/*.test.ts',
            'test/rules/faults.test.ts',
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
          ...patient,
          include: ['test/conformance/**/*.test.ts', 'test/e2e/**/*.test.ts', 'test/rules/rules.test.ts', processes],
          maxWorkers: 1,
          testTimeout: 60_000,
          hookTimeout: 60_000,
          sequence: { groupOrder: 1 },
        },
      },
      {
        // In a real browser, after everything else.
        test: {
          name: 'console',
          ...patient,
          include: ['test/console/**/*.test.ts'],
          maxWorkers: 1,
          testTimeout: 60_000,
          hookTimeout: 60_000,
          sequence: { groupOrder: 2 },
        },
      },
      // What needs Python and Go, and fetches packages of theirs: `npm run test:examples`.
      ...(process.env['TERN_TEST_EXAMPLES'] === undefined
        ? []
        : [
            {
              test: {
                name: 'examples',
                include: ['test/examples/**/*.test.ts'],
                maxWorkers: 1,
                testTimeout: 180_000,
                hookTimeout: 180_000,
              },
            },
          ]),
      // What needs a real Kafka, which it starts itself: `npm run test:kafka`.
      ...(process.env['TERN_TEST_KAFKA'] === undefined
        ? []
        : [
            {
              test: {
                name: 'kafka',
                ...patient,
                include: ['test/kafka/**/*.test.ts'],
                globalSetup: 'test/kafka/cluster-for-tests.ts',
                setupFiles: 'test/kafka/whole-first.ts',
                maxWorkers: 1,
                testTimeout: 120_000,
                hookTimeout: 120_000,
                sequence: { groupOrder: 3 },
              },
            },
          ]),
    ],
  },
})

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { faults } from './faults.ts'

type Report = Readonly<{
  testResults: readonly { assertionResults: readonly { fullName: string; status: string }[] }[]
}>

const root = join(import.meta.dirname, '../..')
const folder = mkdtempSync(join(tmpdir(), 'tern-rules-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** Runs a test file with one fault planted; the names of the tests that fail, of how many that ran. */
async function failuresWith(number: number, file: string): Promise<{ failed: string[]; ran: number }> {
  const outputFile = join(folder, `${number}.json`)
  const vitest = join(root, 'node_modules/vitest/vitest.mjs')
  const flags = [
    'run',
    '--project',
    'unit',
    file,
    '--reporter=json',
    `--outputFile=${outputFile}`,
    '--testTimeout=3000',
  ]
  const env = { ...process.env, TERN_PLANT: `${number}`, TERN_TEST_SUMMARY: '', VITEST: '' }
  const child = spawn(process.execPath, [vitest, ...flags], { cwd: root, env, stdio: 'ignore' })
  await once(child, 'exit')
  const report = JSON.parse(readFileSync(outputFile, 'utf8')) as Report
  const tests = report.testResults.flatMap(({ assertionResults }) => assertionResults)
  const failed = tests.filter(({ status }) => status === 'failed').map(({ fullName }) => fullName)
  return { failed, ran: tests.length }
}

test.each(faults.map((fault, number) => ({ ...fault, number })))(
  'without rule $rule ($without) its test fails',
  async ({ number, tests, noticedBy }) => {
    const { failed, ran } = await failuresWith(number, tests)
    expect(ran).toBeGreaterThan(0)
    expect(failed.filter((name) => name.includes(noticedBy))).not.toEqual([])
  },
)

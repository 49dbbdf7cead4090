import { expect, test } from 'vitest'
import { connectEmbeddedLog, ternTopics } from '../index.ts'
import { batchOf, logContract, textsOf } from '../log.contract.ts'
import { removeFolder, runLog, startLogProcess, temporaryFolder } from './process.fixture.ts'

logContract('the embedded log', async () => {
  const folder = temporaryFolder()
  let running = await startLogProcess(folder)
  const log = connectEmbeddedLog(running.address)
  const restart = async (environment: Record<string, string> = {}) => {
    await running.kill()
    running = await startLogProcess(folder, running.address, environment)
    await log.offsets('tern.messages', [0])
    return log
  }
  const stop = async () => {
    await log.close()
    await running.kill()
    removeFolder(folder)
  }
  const compact = async (then: () => Promise<unknown>) => {
    await then()
    await restart({ TERN_LOG_COMPACTION_LAG_MS: '0', TERN_LOG_COMPACTION_MIN_BYTES: '0' })
  }
  return { log, restart: () => restart(), compact, stop }
})

test('an append is unknown when the log is killed under it, and reading tells', async () => {
  const folder = temporaryFolder()
  let running = await startLogProcess(folder)
  const log = connectEmbeddedLog(running.address)
  await log.provision(ternTopics(1))
  await log.append('tern.messages', 0, batchOf('kept'))
  running.child.kill('SIGSTOP')
  const outcome = log.append('tern.messages', 0, batchOf('lost?')).catch((error: unknown) => error)
  await new Promise((resolve) => setImmediate(() => setImmediate(resolve)))
  await running.kill()
  expect(await outcome).toMatchObject({ failure: 'unknown' })
  running = await startLogProcess(folder, running.address)
  expect(textsOf((await log.read('tern.messages', 0, 0, 1000)).batches)).toEqual(['0:kept'])
  await log.close()
  await running.kill()
  removeFolder(folder)
})

test('a folder in use and wrong flags are each refused in one sentence with exit code 2', async () => {
  const folder = temporaryFolder()
  const running = await startLogProcess(folder)
  const second = await runLog(['--listen', '127.0.0.1:0', '--data', folder])
  expect(second).toMatchObject({ code: 2 })
  expect(second.stderr).toMatch(/^The data folder .* is in use by process \d+; stop it first\.\n$/)
  await running.kill()
  removeFolder(folder)
  const wrong = await runLog(['--bogus'])
  expect(wrong).toEqual({
    code: 2,
    stderr: 'Start the log with --listen HOST:PORT --data FOLDER, and --metrics HOST:PORT if you like.\n',
  })
})

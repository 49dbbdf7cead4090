import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { reflection } from '@tern/proto'
import { connectApi } from '@tern/rpc'
import { build } from 'esbuild'
import { expect, onTestFinished, test } from 'vitest'

const program = `
import { startApiServer } from '@tern/api'
import { cluster } from '@tern/proto'
import { publicService } from '@tern/rpc'
import { systemClock } from '@tern/runtime'
const services = [publicService(cluster.ClusterServiceService, {})]
const listeners = [{ address: '127.0.0.1:0', shared: false }]
const { addresses } = await startApiServer({ listeners, services, headers: {}, clock: systemClock, fault() {} })
process.stdout.write(addresses[0] + '\\n')
`

test('a bundle knows the contracts, with no file beside it', async () => {
  // No package can be found from there.
  const folder = mkdtempSync(join(tmpdir(), 'tern-bundled-api-'))
  const outfile = join(folder, 'api.mjs')
  const require = "import { createRequire as from } from 'node:module'; const require = from(import.meta.url);"
  await build({
    stdin: { contents: program, resolveDir: import.meta.dirname },
    ...{ outfile, bundle: true, platform: 'node', target: 'node24', format: 'esm', banner: { js: require } },
  })
  const child = spawn(process.execPath, [outfile], { cwd: folder, stdio: ['ignore', 'pipe', 'inherit'] })
  onTestFinished(() => {
    child.kill('SIGKILL')
    rmSync(folder, { recursive: true, force: true })
  })
  const [line] = await once(child.stdout.setEncoding('utf8'), 'data')
  const address = String(line).trim()
  const page = (await (await fetch(`http://${address}/openapi.json`)).json()) as { paths: object }
  expect(Object.keys(page.paths)).toContain('/tern.v1.ClusterService/GetServerInfo')
  const client = connectApi(address, reflection.ServerReflectionService)
  onTestFinished(() => client.close())
  const call = client.serverReflectionInfo()
  await call.send({ host: '', messageRequest: { $case: 'fileContainingSymbol', value: 'tern.v1.Message' } })
  const answer = (await call[Symbol.asyncIterator]().next()).value as reflection.ServerReflectionResponse
  expect(answer.messageResponse?.$case).toBe('fileDescriptorResponse')
})

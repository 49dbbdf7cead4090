import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

type Sample = Readonly<{ metric: Readonly<Record<string, string>>; value: readonly [number, string] }>

export type Prometheus = Readonly<{
  /** What an instant query gives now. */
  query(text: string): Promise<readonly Sample[]>
  /** The traces that stand beside the values of a series. */
  exemplars(text: string): Promise<readonly Readonly<Record<string, string>>[]>
  stop(): Promise<void>
}>

/** Starts the real Prometheus, which reads `target` (host:port) every 250 ms. */
export async function startPrometheus(target: string): Promise<Prometheus> {
  const folder = await mkdtemp(join(tmpdir(), 'tern-prometheus-'))
  const port = await freePort()
  const scrape = { job_name: 'trace', static_configs: [{ targets: [target] }] }
  const config = { global: { scrape_interval: '250ms', scrape_timeout: '250ms' }, scrape_configs: [scrape] }
  // JSON is YAML.
  await writeFile(join(folder, 'prometheus.yml'), JSON.stringify(config))
  const child = spawn(
    'prometheus',
    [
      `--config.file=${folder}/prometheus.yml`,
      `--storage.tsdb.path=${folder}/data`,
      `--web.listen-address=127.0.0.1:${port}`,
      '--enable-feature=exemplar-storage',
      '--log.level=error',
    ],
    { stdio: ['ignore', 'ignore', 'inherit'] },
  )
  const failed = once(child, 'error').then(([error]) => {
    throw new Error(`prometheus does not start: ${error.message}; install it (Debian: apt-get install prometheus)`)
  })
  const ask = async (path: string, parameters: Record<string, string>) => {
    const response = await fetch(`http://127.0.0.1:${port}${path}?${new URLSearchParams(parameters)}`)
    const answer = (await response.json()) as { status: string; error: string; data: never }
    if (answer.status !== 'success')
      throw new Error(`Prometheus refuses ${JSON.stringify(parameters)}: ${answer.error}`)
    return answer.data
  }
  await Promise.race([answering(() => ask('/api/v1/query', { query: '1' })), failed])
  return {
    query: async (query) => ((await ask('/api/v1/query', { query })) as { result: readonly Sample[] }).result,
    async exemplars(query) {
      const [start, end] = [Date.now() / 1000 - 600, Date.now() / 1000 + 60].map(String)
      const found = await ask('/api/v1/query_exemplars', { query, start: start!, end: end! })
      return (found as readonly { exemplars: readonly { labels: Record<string, string> }[] }[]).flatMap(
        ({ exemplars }) => exemplars.map(({ labels }) => labels),
      )
    },
    async stop() {
      const ended = once(child, 'exit')
      child.kill()
      await ended
      await rm(folder, { recursive: true, force: true })
    },
  }
}

/** Asks until there is an answer; the test's own timeout ends it. */
async function answering(ask: () => Promise<unknown>): Promise<void> {
  for (;;) {
    try {
      await ask()
      return
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  server.close()
  await once(server, 'close')
  return port
}

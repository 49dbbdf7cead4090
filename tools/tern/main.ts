// `./tern`: the command line.
import { run } from './cli.ts'
import { commands } from './commands.ts'

const over = new AbortController()
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => over.abort())
// Whoever reads may have gone, as `head` does.
process.stdout.on('error', () => process.exit(0))

process.exitCode = await run(process.argv.slice(2), commands, {
  streams: {
    out: (text) => void process.stdout.write(text),
    error: (text) => void process.stderr.write(text),
    width: process.stdout.isTTY ? process.stdout.columns : undefined,
  },
  env: process.env,
  signal: over.signal,
})

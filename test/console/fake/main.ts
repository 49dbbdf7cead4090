// A console on a region that is not there, for work on its pages: `npx node test/console/fake/main.ts`.
import { startFakeConsole } from './fake-console.ts'

const { url, password } = await startFakeConsole({ port: 8080 })
process.stdout.write(`console on ${url}, password ${password}\n`)

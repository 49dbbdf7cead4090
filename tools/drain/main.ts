// `npm run drain`: moves the queues of a zone away before it is stopped, or lets them back.
import { resolve } from 'node:path'
import { systemClock } from '@tern/runtime'
import { flagsOrExit } from '../flags.ts'
import { nameserversOf } from '../region/folder.ts'
import { DrainRefused, drain, undrain } from './drain.ts'

const flags = flagsOrExit('npm run drain -- [flags]: moves the queues of a zone to the others, or lets them back', {
  zone: { default: '', help: 'the zone, as az-a' },
  undo: { default: 'false', help: 'let the zone own queues again', isSwitch: true },
  data: { default: '.tern', help: 'folder of a region of npm start, which says where its nameservers are' },
  nameservers: { default: '', help: 'host:port of nameservers, with commas, in place of --data' },
})

function refuse(sentence: string, code: number): never {
  process.stderr.write(`${sentence}\n`)
  process.exit(code)
}

function nameservers(): readonly string[] {
  if (flags.nameservers !== '') return flags.nameservers.split(',')
  const folder = resolve(flags.data)
  return (
    nameserversOf(folder) ??
    refuse(`no region runs in ${folder}; give the folder of one with --data, or --nameservers host:port`, 1)
  )
}

if (flags.zone === '') refuse('give the zone, as --zone az-a', 2)
const wrong = flags.nameservers.split(',').find((address) => address !== '' && !/^.+:\d{1,5}$/.test(address))
if (wrong !== undefined) refuse(`--nameservers has "${wrong}"; give host:port, with commas between several`, 2)
const options = {
  ...{ nameservers: nameservers(), zone: flags.zone, clock: systemClock },
  say: (text: string) => void process.stdout.write(`${text}\n`),
}
// What waits for an answer would not keep the process alive by itself.
setInterval(() => {}, 1_000)
try {
  await (flags.undo === 'true' ? undrain(options) : drain(options))
} catch (error) {
  if (!(error instanceof DrainRefused)) throw error
  refuse(error.message, 1)
}
process.exit(0)

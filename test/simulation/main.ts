// `npm run simulate -- --seed N`: one seed again, or many in a row, with what was done to the region and what it broke.
import { flagsOrExit } from '../../tools/flags.ts'
import { simulate } from './simulate.ts'
import type { Site } from './site.ts'
import { StreamFleet } from './stream-fleet.ts'
import { WillFleet } from './will-fleet.ts'

const flags = flagsOrExit('npm run simulate -- [flags]: a region of three zones on virtual time', {
  seed: { default: '1', help: 'the first seed', whole: [0, 4_294_967_295] },
  wills: { default: 'false', help: 'only devices that hop with wills at QoS 2, and who reads them', isSwitch: true },
  streams: { default: 'false', help: 'clients of the API beside devices', isSwitch: true },
  count: { default: '1', help: 'so many seeds from there on', whole: [1, 1_000_000] },
})
const first = Number(flags.seed)
const count = Number(flags.count)
const loadOf = () => {
  if (flags.wills === 'true') return (site: Site) => new WillFleet(site)
  return flags.streams === 'true' ? (site: Site) => new StreamFleet(site) : undefined
}
let broken = 0
for (let seed = first; seed < first + count; seed++) {
  const { messages, steps, tookMs, faults, violations } = await simulate(seed, undefined, loadOf())
  if (count > 1 && violations.length === 0) continue
  if (violations.length > 0) broken++
  console.log(`seed ${seed}: ${messages} messages, ${steps} steps, ${tookMs.toFixed(0)} ms of virtual time`)
  for (const fault of faults) console.log(`  ${fault}`)
  for (const violation of violations) console.log(`  BROKEN ${violation}`)
}
console.log(`${count} seeds, ${broken} with a broken promise`)
process.exitCode = broken === 0 ? 0 : 1

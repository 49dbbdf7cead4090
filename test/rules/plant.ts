import { join } from 'node:path'
import type { Plugin } from 'vitest/config'
import { faults } from './faults.ts'

const root = join(import.meta.dirname, '../..')

/** Takes a rule out of the product as the tests see it: `TERN_PLANT` is the number of one of the faults. */
export function plantedFault(number: string | undefined): Plugin[] {
  const fault = number === undefined ? undefined : faults[Number(number)]
  if (fault === undefined) return []
  return [
    {
      name: 'planted-fault',
      enforce: 'pre',
      transform: (code, id) =>
        id.startsWith(join(root, fault.file)) ? code.replace(fault.find, () => fault.replace) : null,
    },
  ]
}

import { expect, test } from 'vitest'
import { readFlags } from './flags.ts'

const flags = {
  port: { default: '1883', help: '', whole: [0, 65_535] },
  data: { default: '.tern', help: '' },
} as const

test('flags have their defaults, and take a value with a space or an equals sign', () => {
  expect(readFlags(flags, [])).toEqual({ port: '1883', data: '.tern' })
  expect(readFlags(flags, ['--port', '0', '--data=x'])).toEqual({ port: '0', data: 'x' })
})

test('a switch stands alone', () => {
  const undo = { undo: { default: 'false', help: '', isSwitch: true } } as const
  expect(readFlags(undo, ['--undo'])).toEqual({ undo: 'true' })
  expect(readFlags(undo, [])).toEqual({ undo: 'false' })
  expect(() => readFlags(undo, ['--undo=x'])).toThrow('give --undo, each with a value but --undo.')
})

test.each([
  [['--prot', '1'], '"--prot" is not understood; give --port, --data, each with a value.'],
  [['--port', 'abc'], '--port is "abc"; give a whole number from 0 to 65535.'],
  [['--port', '65536'], '--port is "65536"; give a whole number from 0 to 65535.'],
  [['--port', '-1'], '"-1" is not understood; give --port, --data, each with a value.'],
  [['extra'], '"extra" is not understood; give --port, --data, each with a value.'],
])('%j is refused in one sentence', (argv, message) => {
  expect(() => readFlags(flags, argv)).toThrow(message)
})

import { expect, test } from 'vitest'
import { createKeyHandler } from './keys.ts'

function press(keys: string): string[] {
  const done: string[] = []
  const handle = createKeyHandler({
    kill: (zone) => void done.push(`kill ${zone}`),
    heal: (zone) => void done.push(`heal ${zone}`),
    drain: (zone) => void done.push(`drain ${zone}`),
    undrain: (zone) => void done.push(`undrain ${zone}`),
    toggleLogs: () => void done.push('logs'),
    quit: () => void done.push('quit'),
    say: () => {},
  })
  for (const key of keys) handle(key)
  return done
}

test('f and a letter kill that zone, h and a letter heal it', () => {
  expect(press('fahcfb')).toEqual(['kill az-a', 'heal az-c', 'kill az-b'])
})

test('d and a letter drain that zone, u and a letter take that back', () => {
  expect(press('daucdc')).toEqual(['drain az-a', 'undrain az-c', 'drain az-c'])
})

test('a letter alone, or after another key, does nothing', () => {
  expect(press('a')).toEqual([])
  expect(press('fxa')).toEqual([])
  expect(press('fla')).toEqual(['logs'])
})

test('q and Ctrl-C quit, also when a zone was asked for', () => {
  expect(press('fq')).toEqual(['quit'])
  expect(press('\u0003')).toEqual(['quit'])
})

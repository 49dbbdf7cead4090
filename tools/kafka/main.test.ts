import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'

let folder: string
/** All that the command finds on its way. */
let bin: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tern-kafka-command-'))
  bin = join(folder, 'bin')
  mkdirSync(bin)
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const put = (name: string, script: string) => writeFileSync(join(bin, name), `#!/bin/sh\n${script}\n`, { mode: 0o755 })
const javaSaying = (version: string) => put('java', `echo 'openjdk version "${version}" 2026-01-01' >&2`)

function run() {
  const main = ['--disable-warning=ExperimentalWarning', join(import.meta.dirname, 'main.ts')]
  const env = { ...process.env, PATH: bin }
  const { status, stderr } = spawnSync(process.execPath, main, { cwd: folder, env, encoding: 'utf8' })
  return { status, stderr }
}

test('without Java it says what to install', () => {
  const stderr =
    'Kafka needs Java 17 or newer and no "java" runs here; install one (Debian: openjdk-17-jre-headless), or put it into PATH.\n'
  expect(run()).toEqual({ status: 1, stderr })
})

test.each(['11.0.24', '1.8.0_422', '16'])('Java %s is said to be too old', (version) => {
  javaSaying(version)
  const stderr = `Kafka needs Java 17 or newer and "java" is ${version}; install a newer one, or put it first in PATH.\n`
  expect(run()).toEqual({ status: 1, stderr })
})

test('without Maven it says what to install', () => {
  javaSaying('17.0.15')
  const stderr =
    'Kafka is fetched by Maven and there is no "mvn" here; install it (Debian: maven), or put it into PATH.\n'
  expect(run()).toEqual({ status: 1, stderr })
})

test('what Maven says when it fails is shown', () => {
  javaSaying('21.0.8')
  put('mvn', 'echo "no route to the repository"; exit 1')
  expect(run()).toEqual({ status: 1, stderr: 'Maven could not fetch Kafka:\nno route to the repository\n' })
})

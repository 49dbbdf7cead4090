import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const pom = join(import.meta.dirname, '../../infra/kafka/pom.xml')
const javaMin = 17

/** A sentence for the person who runs it: what is missing, and what to do. */
export class KafkaProblem extends Error {}

/** Kafka's brokers need Java 17 or newer. */
export function checkJava(): void {
  const { status, stderr } = spawnSync('java', ['-version'], { encoding: 'utf8' })
  if (status !== 0) {
    throw new KafkaProblem(
      `Kafka needs Java ${javaMin} or newer and no "java" runs here; install one (Debian: openjdk-17-jre-headless), or put it into PATH.`,
    )
  }
  const [, version = 'unknown', major = 0] = /version "((\d+)[^"]*)"/.exec(stderr) ?? []
  if (Number(major) < javaMin) {
    throw new KafkaProblem(
      `Kafka needs Java ${javaMin} or newer and "java" is ${version}; install a newer one, or put it first in PATH.`,
    )
  }
}

/** The class path of the Kafka that infra/kafka/pom.xml names, fetched once into the folder by Maven. */
export function fetchKafka(folder: string, say: (text: string) => void): string {
  const wanted = createHash('sha256').update(readFileSync(pom)).digest('hex')
  const stamp = join(folder, 'stamp')
  if (!existsSync(stamp) || readFileSync(stamp, 'utf8') !== wanted) {
    say('fetching Kafka with Maven (once, about 45 MB)')
    mkdirSync(folder, { recursive: true })
    const args = ['-q', '-f', pom, 'dependency:copy-dependencies', `-DoutputDirectory=${folder}`]
    const { status, error, stdout, stderr } = spawnSync('mvn', args, { encoding: 'utf8' })
    if (error)
      throw new KafkaProblem(
        'Kafka is fetched by Maven and there is no "mvn" here; install it (Debian: maven), or put it into PATH.',
      )
    if (status !== 0) throw new KafkaProblem(`Maven could not fetch Kafka:\n${stdout}${stderr}`.trimEnd())
    writeFileSync(stamp, wanted)
  }
  return readdirSync(folder)
    .filter((name) => name.endsWith('.jar'))
    .map((name) => join(folder, name))
    .join(':')
}

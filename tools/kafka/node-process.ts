import { type ChildProcess, spawn } from 'node:child_process'
import { openSync, rmSync, writeFileSync } from 'node:fs'
import { folderVariable } from '../region/leftovers.ts'

/** Small and quick to start; a production broker wants G1 and gigabytes. */
const javaFlags = [
  '-Xms128m',
  '-Xmx512m',
  '-XX:+UseSerialGC',
  '-Xss512k',
  '-XX:-UsePerfData',
  '-Djava.awt.headless=true',
]

export type NodeFiles = Readonly<{ folder: string; properties: string; log: string; pid: string; log4j: string }>

/** One Kafka node as a process of its own. */
export class NodeProcess {
  private readonly classPath: string
  private readonly files: NodeFiles
  private readonly died: (why: string) => void
  private child: ChildProcess | undefined
  private exited: Promise<void> = Promise.resolve()
  private ending = false

  constructor(classPath: string, files: NodeFiles, died: (why: string) => void) {
    this.classPath = classPath
    this.files = files
    this.died = died
  }

  /** Starts it, or lets it go on when it stands still. */
  start(): void {
    if (this.child !== undefined) {
      this.child.kill('SIGCONT')
      return
    }
    this.ending = false
    const { folder, properties, log, pid, log4j } = this.files
    const out = openSync(log, 'a')
    const args = [...javaFlags, `-Dlog4j2.configurationFile=${log4j}`, '-cp', this.classPath, 'kafka.Kafka', properties]
    const child = spawn('java', args, {
      stdio: ['ignore', out, out],
      env: { ...process.env, [folderVariable]: folder },
    })
    this.child = child
    if (child.pid) writeFileSync(pid, `${child.pid}\n`)
    this.exited = new Promise((resolve) => {
      child.once('exit', (code, signal) => {
        this.child = undefined
        rmSync(pid, { force: true })
        if (!this.ending) this.died(signal ?? `exit code ${code}`)
        resolve()
      })
    })
  }

  /** SIGKILL; resolves once it is gone. */
  async kill(): Promise<void> {
    this.ending = true
    this.child?.kill('SIGKILL')
    await this.exited
  }

  pause(): void {
    this.child?.kill('SIGSTOP')
  }

  /** In order; a node whose quorum is gone waits for it in vain and is ended by force. */
  async stop(graceMs: number): Promise<void> {
    this.ending = true
    this.child?.kill('SIGTERM')
    this.child?.kill('SIGCONT')
    const force = setTimeout(() => this.child?.kill('SIGKILL'), graceMs)
    await this.exited
    clearTimeout(force)
  }
}

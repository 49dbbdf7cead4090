import { close, fdatasync, open, renameSync, rmSync, write } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { type Segment, segmentPath, syncFolder, zeros } from './segment.ts'

const openFile = promisify(open)
const writeFile = promisify(write)
const syncFile = promisify(fdatasync)
const closeFile = promisify(close)

/** The next segment, filled with zeros beside the commits, so that none of them waits for 64 MiB. */
export class SpareSegment {
  private readonly folder: string
  private readonly path: string
  private readonly sizeBytes: number
  private phase: 'none' | 'filling' | 'failed' | { fd: number } = 'none'

  constructor(folder: string, sizeBytes: number) {
    this.folder = folder
    this.path = join(folder, 'next.spare')
    this.sizeBytes = sizeBytes
    rmSync(this.path, { force: true })
  }

  /** Once for each segment: when it fails, the commit that needs room tries again and says why not. */
  prepare(): void {
    if (this.phase !== 'none') return
    this.phase = 'filling'
    this.fill().then(
      (fd) => {
        this.phase = { fd }
      },
      () => {
        this.phase = 'failed'
        rmSync(this.path, { force: true })
      },
    )
  }

  /** The segment under its number, when it is ready and large enough. */
  take(number: number, sizeMin: number): Segment | undefined {
    if (this.phase === 'failed') this.phase = 'none'
    if (typeof this.phase === 'string' || sizeMin > this.sizeBytes) return undefined
    const { fd } = this.phase
    const path = segmentPath(this.folder, number)
    renameSync(this.path, path)
    syncFolder(path)
    this.phase = 'none'
    return { number, path, fd, sizeBytes: this.sizeBytes }
  }

  /** Small pieces, each synced, so that a commit in between never waits behind many. */
  private async fill(): Promise<number> {
    const fd = await openFile(this.path, 'w+')
    try {
      for (let at = 0; at < this.sizeBytes; ) {
        const { bytesWritten } = await writeFile(fd, zeros, 0, Math.min(zeros.length, this.sizeBytes - at), at)
        await syncFile(fd)
        at += bytesWritten
      }
      return fd
    } catch (error) {
      await closeFile(fd)
      throw error
    }
  }
}

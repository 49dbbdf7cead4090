import { closeSync, fdatasyncSync, fstatSync, fsyncSync, openSync, readSync, rmSync, writeSync } from 'node:fs'
import { dirname, join } from 'node:path'

export type Segment = Readonly<{ number: number; path: string; fd: number; sizeBytes: number }>

export const zeros = Buffer.alloc(1024 * 1024)

export const segmentPath = (folder: string, number: number): string =>
  join(folder, `${String(number).padStart(10, '0')}.segment`)

/** Zeros written ahead: later writes then change no file size, and fdatasync stays cheap. Leaves nothing behind when the disk is full. */
export function createSegment(folder: string, number: number, sizeBytes: number): Segment {
  const path = segmentPath(folder, number)
  const fd = openSync(path, 'wx+')
  try {
    writeZeros(fd, 0, sizeBytes)
    fdatasyncSync(fd)
    syncFolder(path)
  } catch (error) {
    closeSync(fd)
    rmSync(path, { force: true })
    throw error
  }
  return { number, path, fd, sizeBytes }
}

export function openSegment(folder: string, number: number): Segment {
  const path = segmentPath(folder, number)
  const fd = openSync(path, 'r+')
  return { number, path, fd, sizeBytes: fstatSync(fd).size }
}

export function writeZeros(fd: number, from: number, to: number): void {
  for (let at = from; at < to; ) at += writeSync(fd, zeros, 0, Math.min(zeros.length, to - at), at)
}

export function writeWhole(fd: number, bytes: Buffer, length: number, at: number): void {
  for (let done = 0; done < length; ) done += writeSync(fd, bytes, done, length - done, at + done)
}

export function readWhole(fd: number, target: Buffer, offset: number, length: number, at: number): void {
  for (let done = 0; done < length; ) {
    const count = readSync(fd, target, offset + done, length - done, at + done)
    if (count === 0) throw new Error('a segment file ends early')
    done += count
  }
}

export function removeSegment({ fd, path }: Segment): void {
  closeSync(fd)
  rmSync(path)
  syncFolder(path)
}

export function syncFolder(path: string): void {
  const folder = openSync(dirname(path), 'r')
  fsyncSync(folder)
  closeSync(folder)
}

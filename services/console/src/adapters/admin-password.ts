import { randomBytes, scrypt, timingSafeEqual } from 'node:crypto'
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

export const adminUser = 'admin'
/** 32 MiB and some 60 ms for each guess. */
const cost = { N: 2 ** 15, r: 8, p: 1, maxmem: 64 * 1024 * 1024 }
const keyBytes = 32
/** Guesses that are looked at together: each takes memory. */
export const verifyingMax = 4

type Kept = Readonly<{ salt: string; hash: string }>

export type AdminPassword = Readonly<{
  /** 'busy': too many are being looked at. */
  verify(user: string, password: string): Promise<boolean | 'busy'>
}>

/**
 * The password of the one user. `given`: by a setting; empty: what was made at the first start, told once in admin.txt of the data
 * folder. Only its hash is kept beside it.
 */
export async function openAdminPassword(folder: string, given: string): Promise<AdminPassword> {
  const kept = given === '' ? await keptIn(folder) : await hashOf(given)
  let verifying = 0
  return {
    async verify(user, password) {
      if (verifying >= verifyingMax) return 'busy'
      verifying++
      try {
        const expected = Buffer.from(kept.hash, 'base64')
        const found = await derive(password, Buffer.from(kept.salt, 'base64'))
        // Both are looked at, so that the time taken says nothing about the name.
        return timingSafeEqual(found, expected) && user === adminUser
      } finally {
        verifying--
      }
    },
  }
}

async function keptIn(folder: string): Promise<Kept> {
  const file = join(folder, 'console.json')
  if (existsSync(file)) return JSON.parse(readFileSync(file, 'utf8')) as Kept
  mkdirSync(folder, { recursive: true })
  const password = randomBytes(15).toString('base64url')
  const kept = await hashOf(password)
  writePrivate(join(folder, 'admin.txt'), `user      ${adminUser}\npassword  ${password}\n`)
  writePrivate(file, `${JSON.stringify(kept)}\n`)
  return kept
}

/** For nobody else on the machine, also when the file was there before. */
function writePrivate(path: string, text: string): void {
  writeFileSync(path, text, { mode: 0o600 })
  chmodSync(path, 0o600)
}

async function hashOf(password: string): Promise<Kept> {
  const salt = randomBytes(16)
  return { salt: salt.toString('base64'), hash: (await derive(password, salt)).toString('base64') }
}

const derive = (password: string, salt: Buffer): Promise<Buffer> =>
  new Promise((resolve, reject) =>
    scrypt(password, salt, keyBytes, cost, (error, key) => (error ? reject(error) : resolve(key))),
  )

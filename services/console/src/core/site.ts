/** One file of the built pages, as it is answered. */
export type SiteFile = Readonly<{
  type: string
  /** Its name holds the hash of its content: it never changes. */
  immutable: boolean
  plain: Uint8Array
  gzip: Uint8Array | undefined
  brotli: Uint8Array | undefined
  etag: string
}>

/** By path below the root, as "assets/index-1a2b.js". Nothing else exists, so no path leads anywhere else. */
export type Site = ReadonlyMap<string, SiteFile>

const pathBytesMax = 2_048
/** A page's own address: what a person may reload, or send to somebody. */
const pageNames = /^(login|clients|topics|retained|subscriptions|groups|messages|traces|queues|events|try)?(\/[^\s]*)?$/

/** The name of the file that answers, or undefined: 404. `path` is that of the request, still encoded, without its query. */
export function siteName(site: Site, path: string): string | undefined {
  if (path.length > pathBytesMax || !path.startsWith('/') || hasTricks(path)) return undefined
  const name = path.slice(1)
  if (site.has(name) && name !== 'index.html') return name
  return pageNames.test(name) && !name.startsWith('/') ? 'index.html' : undefined
}

/** Ways to say "..", another root or a NUL. An encoded "/" is part of a topic and stays encoded, so it leads nowhere. */
function hasTricks(path: string): boolean {
  if (/\\|%5c|%00|\0/i.test(path)) return true
  if (/\/\//.test(path)) return true
  return path.split(/\/|%2f/i).some((part) => /^(\.|%2e){1,2}$/i.test(part))
}

export type Encoding = 'br' | 'gzip' | undefined

/** The best encoding that the browser takes and the file has. */
export function encodingOf(file: SiteFile, accepted: string): Encoding {
  const names = accepted.split(',').flatMap((each) => {
    const [name = '', quality] = each.trim().split(/\s*;\s*q=/)
    return quality !== undefined && Number(quality) === 0 ? [] : [name.toLowerCase()]
  })
  if (file.brotli && names.includes('br')) return 'br'
  return file.gzip && names.includes('gzip') ? 'gzip' : undefined
}

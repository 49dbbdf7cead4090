export type ConsoleConfig = Readonly<{
  zone: string
  /** host:port to serve pages on. */
  listen: string
  /** host:port of the API of proxies, to begin with. */
  proxies: readonly string[]
  /** Empty: it is not a member of the region. */
  nameservers: readonly string[]
  nonce: () => string
  /** Where the password is kept. */
  folder: string
  /** Empty: one is made at the first start. */
  password: string
  /** Where the built pages are. */
  site: string
  /** http(s)://host:port by which people open it, when that is not where it listens; empty otherwise. */
  publicOrigin: string
  /** For the strip at the top, as "dev" or "production". */
  environment: string
  /** Of the supervisor of a region on one machine; empty elsewhere. */
  devControl: string
  version: string
}>

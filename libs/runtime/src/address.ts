export type Address = Readonly<{ host: string; port: number }>

/** Of host:port; the brackets of an IPv6 host are not part of it. */
export function addressOf(text: string): Address {
  const colon = text.lastIndexOf(':')
  return { host: text.slice(0, colon).replace(/^\[(.*)\]$/, '$1'), port: Number(text.slice(colon + 1)) }
}

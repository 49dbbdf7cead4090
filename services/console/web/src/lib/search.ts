/** What an address says after its "?": text only, so that a link looks the way a person would type it. */
export type Search = Readonly<Record<string, string>>

export const parseSearch = (text: string): Search => Object.fromEntries(new URLSearchParams(text))

export function stringifySearch(search: Readonly<Record<string, unknown>>): string {
  const pairs = Object.entries(search).filter(([, value]) => value !== undefined && value !== '' && value !== null)
  const text = new URLSearchParams(pairs.map(([name, value]) => [name, String(value)])).toString()
  // A topic stays readable in an address.
  return text === '' ? '' : `?${text.replaceAll('%2F', '/').replaceAll('%3A', ':').replaceAll('%24', '$')}`
}

/** A filter of the API: clauses joined by AND, of what is given. A text that ends in "*" is a prefix. */
export function clausesOf(texts: Readonly<Record<string, string | undefined>>, others: readonly string[] = []): string {
  const said = Object.entries(texts).flatMap(([name, value]) =>
    value === undefined || value === '' ? [] : [`${name} = ${quoted(value)}`],
  )
  return [...said, ...others].join(' AND ')
}

/** No text becomes another clause. */
const quoted = (text: string) => `"${text.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`

export const prefix = (text: string | undefined): string | undefined => (text ? `${text}*` : undefined)

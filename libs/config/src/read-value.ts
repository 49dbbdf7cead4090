import type { Kind, Setting } from './setting.ts'

export type Value = string | number | boolean | readonly string[]

export type Reading = Readonly<{ value: Value }> | Readonly<{ advice: string }>

type Reader = (setting: Setting, text: string) => Reading

const portMax = 65_535

const readers: { readonly [K in Kind]: Reader } = {
  text: (setting, text) => (text === '' && setting.default !== '' ? { advice: 'give a text' } : { value: text }),
  whole: (setting, text) => wholeNumber(text, setting.min ?? 0, setting.max ?? Number.MAX_SAFE_INTEGER),
  port: (setting, text) => wholeNumber(text, setting.min ?? 1, portMax),
  address: (setting, text) =>
    isAddress(text, setting) ? { value: text } : { advice: `give host:port, the port ${portRange(setting)}` },
  addresses(setting, text) {
    const addresses = text === '' && setting.default !== undefined ? [] : text.split(',').map((each) => each.trim())
    if (addresses.every((each) => isAddress(each, setting))) return { value: addresses }
    return { advice: `give host:port, several with commas, each port ${portRange(setting)}` }
  },
  switch(_setting, text) {
    if (text === 'true' || text === '1') return { value: true }
    if (text === 'false' || text === '0') return { value: false }
    return { advice: 'give true or false' }
  },
}

/** What the text means for the setting, or what to give instead. */
export function readValue(setting: Setting, text: string): Reading {
  return readers[setting.kind](setting, text)
}

/** What a missing setting would have to be. */
export function adviceFor(setting: Setting): string {
  const read = readers[setting.kind](setting, '')
  return 'advice' in read ? read.advice : 'give a text'
}

function wholeNumber(text: string, min: number, max: number): Reading {
  const value = Number(text)
  if (/^\d{1,16}$/.test(text) && value >= min && value <= max) return { value }
  return { advice: `give a whole number from ${min} to ${max}` }
}

const portRange = ({ min = 1 }: Setting) => `a whole number from ${min} to ${portMax}`

/** host:port; an IPv6 host stands in brackets. */
function isAddress(text: string, { min = 1 }: Setting): boolean {
  const [, port] = /^(?:\[[0-9a-f:.]+\]|[a-z0-9._-]+):(\d{1,5})$/i.exec(text) ?? []
  return port !== undefined && Number(port) >= min && Number(port) <= portMax
}

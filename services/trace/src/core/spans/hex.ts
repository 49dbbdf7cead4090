const digits = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'))

/** Bytes in hexadecimal digits of lower case. */
export function hexOf(bytes: Uint8Array): string {
  let hex = ''
  for (const byte of bytes) hex += digits[byte]
  return hex
}

/** Undefined: these are not that many bytes in hexadecimal digits. */
export function bytesOfHex(hex: string, bytes: number): Uint8Array | undefined {
  if (hex.length !== bytes * 2 || !/^[0-9a-fA-F]*$/.test(hex)) return undefined
  return Uint8Array.from({ length: bytes }, (_, index) => Number.parseInt(hex.slice(index * 2, index * 2 + 2), 16))
}

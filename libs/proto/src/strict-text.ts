import { configureTextEncoding, getTextEncoding } from '@bufbuild/protobuf/wire'

const encoding = getTextEncoding()
let strict = false

// What ts-proto generates reads a string leniently, though by proto3 bytes that are no UTF-8 are no string.
configureTextEncoding({ ...encoding, decodeUtf8: (bytes, asked) => encoding.decodeUtf8(bytes, strict || asked) })

/** Decodes by a function of generated code; a string that is no UTF-8 throws, as what strangers send should. */
export function decodeStrictly<T>(decode: (bytes: Buffer) => T, bytes: Buffer): T {
  strict = true
  try {
    return decode(bytes)
  } finally {
    strict = false
  }
}

import { promisify } from 'node:util'
import { gunzip, inflate } from 'node:zlib'
import { ApiError } from './api-error.ts'
import { tooLarge } from './message-reader.ts'

const algorithms = { gzip: promisify(gunzip), deflate: promisify(inflate) } as const
type Algorithm = keyof typeof algorithms

export const acceptedEncodings = 'identity,gzip,deflate'

const isAlgorithm = (encoding: string): encoding is Algorithm => Object.hasOwn(algorithms, encoding)

/** Unpacks what is packed; what would grow beyond the limit is given up on when it reaches it. */
export async function unpack(bytes: Buffer, encoding: string | undefined, bytesMax: number): Promise<Buffer> {
  if (encoding === undefined || !isAlgorithm(encoding)) {
    const given = encoding === undefined ? 'it says not how' : `"${encoding}" is not known here`
    throw new ApiError('UNIMPLEMENTED', 'ENCODING_UNKNOWN', `a message is packed, and ${given}; use gzip or deflate`)
  }
  try {
    return await algorithms[encoding](bytes, { maxOutputLength: bytesMax })
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE') throw tooLarge(bytesMax + 1, bytesMax)
    throw new ApiError('INVALID_ARGUMENT', 'MESSAGE_MALFORMED', `what was sent is no ${encoding}`, { cause })
  }
}

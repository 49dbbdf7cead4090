/**
 * AES-128 of single blocks (FIPS 197), in plain JavaScript: an id is made for each message that is delivered, in browsers too, and a call
 * into the platform's cipher for sixteen bytes costs more than the cipher. Not for secrets: its tables tell their time to whoever measures.
 */
export class Aes128 {
  private readonly encryptionKeys: Uint32Array
  private readonly decryptionKeys: Uint32Array

  constructor(key: Uint8Array) {
    if (key.length !== 16) throw new RangeError(`a key of AES-128 has 16 bytes, not ${key.length}`)
    this.encryptionKeys = expand(key)
    this.decryptionKeys = inverted(this.encryptionKeys)
  }

  /** The four words of the block become those of its cipher. */
  encrypt(block: Uint32Array): void {
    permute(block, this.encryptionKeys, encryption)
  }

  decrypt(block: Uint32Array): void {
    swapColumns(block)
    permute(block, this.decryptionKeys, decryption)
    swapColumns(block)
  }
}

/** Of one direction: the byte substitution, and with it the column mix of a byte that stands first in its column. */
type Direction = Readonly<{ box: Uint8Array; mix: Uint32Array }>

const rounds = 10
const wordsOfKey = 4

const double = (byte: number) => (byte << 1) ^ (byte & 0x80 ? 0x11b : 0)
const rotateRight = (word: number, bits: number) => (word >>> bits) | (word << (32 - bits))

/** Product in the field of AES. */
function times(a: number, b: number): number {
  let product = 0
  for (let left = a, right = b; right > 0; left = double(left), right >>>= 1) if (right & 1) product ^= left
  return product
}

const [box, boxInverted] = boxes()
const encryption: Direction = { box, mix: mixOf(box, [2, 1, 1, 3]) }
const decryption: Direction = { box: boxInverted, mix: mixOf(boxInverted, [14, 9, 13, 11]) }

function boxes(): [Uint8Array, Uint8Array] {
  const forward = new Uint8Array(256)
  const backward = new Uint8Array(256)
  // Three generates all other elements of the field; its inverse, 0xf6, walks through their inverses at the same time.
  for (let element = 1, inverse = 1, i = 0; i < 256; i++, element = times(element, 3), inverse = times(inverse, 0xf6)) {
    const spread = inverse ^ (inverse << 1) ^ (inverse << 2) ^ (inverse << 3) ^ (inverse << 4)
    const value = ((spread & 0xff) ^ (spread >>> 8) ^ 0x63) & 0xff
    forward[element] = value
    backward[value] = element
  }
  forward[0] = 0x63
  backward[0x63] = 0
  return [forward, backward]
}

function mixOf(substitution: Uint8Array, factors: readonly [number, number, number, number]): Uint32Array {
  const [a, b, c, d] = factors
  return Uint32Array.from(
    substitution,
    (byte) => (times(byte, a) << 24) | (times(byte, b) << 16) | (times(byte, c) << 8) | times(byte, d),
  )
}

const substituted = (word: number) => unmixed(box, word, word, word, word)

function expand(key: Uint8Array): Uint32Array {
  const words = new Uint32Array(wordsOfKey * (rounds + 1))
  for (let i = 0; i < wordsOfKey; i++) {
    words[i] = (key[4 * i]! << 24) | (key[4 * i + 1]! << 16) | (key[4 * i + 2]! << 8) | key[4 * i + 3]!
  }
  for (let i = wordsOfKey, constant = 1; i < words.length; i++) {
    let word = words[i - 1]!
    if (i % wordsOfKey === 0) {
      word = substituted(rotateRight(word, 24)) ^ (constant << 24)
      constant = double(constant)
    }
    words[i] = words[i - wordsOfKey]! ^ word
  }
  return words
}

/**
 * The keys of the equivalent inverse cipher: backwards, and mixed as the block will be. Deciphering shifts rows the other way, which is
 * the same way for columns that stand in the order 0, 3, 2, 1.
 */
function inverted(keys: Uint32Array): Uint32Array {
  return keys.map((_, i) => {
    const round = rounds - Math.floor(i / wordsOfKey)
    const word = keys[round * wordsOfKey + ((wordsOfKey - (i % wordsOfKey)) % wordsOfKey)]!
    if (round === 0 || round === rounds) return word
    const plain = substituted(word)
    return mixed(decryption.mix, plain, plain, plain, plain)
  })
}

function swapColumns(block: Uint32Array): void {
  const second = block[1]!
  block[1] = block[3]!
  block[3] = second
}

/** A column of a round: each of its bytes comes from another column. */
const mixed = (mix: Uint32Array, a: number, b: number, c: number, d: number) =>
  mix[a >>> 24]! ^
  rotateRight(mix[(b >>> 16) & 0xff]!, 8) ^
  rotateRight(mix[(c >>> 8) & 0xff]!, 16) ^
  rotateRight(mix[d & 0xff]!, 24)

/** A column of the last round, which is not mixed. */
const unmixed = (box: Uint8Array, a: number, b: number, c: number, d: number) =>
  (box[a >>> 24]! << 24) | (box[(b >>> 16) & 0xff]! << 16) | (box[(c >>> 8) & 0xff]! << 8) | box[d & 0xff]!

function permute(block: Uint32Array, keys: Uint32Array, { box, mix }: Direction): void {
  let a = block[0]! ^ keys[0]!
  let b = block[1]! ^ keys[1]!
  let c = block[2]! ^ keys[2]!
  let d = block[3]! ^ keys[3]!
  let at = wordsOfKey
  for (; at < rounds * wordsOfKey; at += wordsOfKey) {
    const first = mixed(mix, a, b, c, d) ^ keys[at]!
    const second = mixed(mix, b, c, d, a) ^ keys[at + 1]!
    const third = mixed(mix, c, d, a, b) ^ keys[at + 2]!
    d = mixed(mix, d, a, b, c) ^ keys[at + 3]!
    a = first
    b = second
    c = third
  }
  block[0] = unmixed(box, a, b, c, d) ^ keys[at]!
  block[1] = unmixed(box, b, c, d, a) ^ keys[at + 1]!
  block[2] = unmixed(box, c, d, a, b) ^ keys[at + 2]!
  block[3] = unmixed(box, d, a, b, c) ^ keys[at + 3]!
}

/** An error and what it came of, from the outside in; of several causes the first. */
export function failureChain(error: unknown): Error[] {
  const chain: Error[] = []
  for (let inner = error; inner instanceof Error && !chain.includes(inner); ) {
    chain.push(inner)
    // kafkajs has an aggregate of its own.
    inner = (inner as { errors?: readonly unknown[] }).errors?.[0] ?? inner.cause
  }
  return chain
}

/** All of it in one line: the outer errors say only that a connection failed. */
export const reasonOf = (error: unknown): string =>
  failureChain(error)
    .map(({ message }) => message)
    .join(': ')

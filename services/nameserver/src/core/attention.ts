/** A nameserver looks ten times a second; one that did not for so long was itself away. */
export const stallMax = 500

/** Since when this nameserver would have heard a member that spoke. */
export type Attention = Readonly<{ since: number; lookedAt: number }>

export const attentive = (now: number): Attention => ({ since: now, lookedAt: now })

/**
 * Noted at each look. Who was paused finds everyone silent when it wakes, though only it did not listen: it counts from its
 * waking, or it would bury the whole region.
 */
export function attend({ since, lookedAt }: Attention, now: number): Attention {
  return { since: now - lookedAt > stallMax ? now : since, lookedAt: now }
}

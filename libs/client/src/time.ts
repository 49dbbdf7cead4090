type Duration = Readonly<{ seconds: number; nanos: number }>

export const durationOf = (millis: number): Duration => ({
  seconds: Math.floor(millis / 1_000),
  nanos: Math.round((millis % 1_000) * 1e6),
})

export const millisOf = (duration: Duration | undefined, otherwise: number): number =>
  duration === undefined ? otherwise : duration.seconds * 1_000 + duration.nanos / 1e6

export const timestampOf = (date: Date): Duration => ({
  seconds: Math.floor(date.getTime() / 1_000),
  nanos: (((date.getTime() % 1_000) + 1_000) % 1_000) * 1e6,
})

import { expect, test } from 'vitest'
import { addressCountMax, freeAttempts, LoginThrottle, regionAttemptsPerMinute, waitMax } from './login-throttle.ts'

test('[X7] each wrong password beyond the fifth doubles the wait of its address, up to a minute', () => {
  const throttle = new LoginThrottle()
  const waits = Array.from({ length: freeAttempts + 8 }, () => {
    throttle.failed('10.0.0.1', 0)
    return throttle.waitOf('10.0.0.1', 0)
  })
  expect(waits).toEqual([0, 0, 0, 0, 1_000, 2_000, 4_000, 8_000, 16_000, 32_000, waitMax, waitMax, waitMax])
  expect(throttle.waitOf('10.0.0.2', 0)).toBe(0)
  throttle.succeeded('10.0.0.1')
  expect(throttle.waitOf('10.0.0.1', 0)).toBe(0)
})

test('[X7] guesses from many addresses make everybody wait for the next minute', () => {
  const throttle = new LoginThrottle()
  for (let i = 0; i < regionAttemptsPerMinute; i++) throttle.failed(`10.0.0.${i}`, 61_000)
  expect(throttle.waitOf('10.9.9.9', 61_000)).toBe(59_000)
  expect(throttle.waitOf('10.9.9.9', 120_000)).toBe(0)
})

test('[X7] what is remembered of addresses is bounded', () => {
  const throttle = new LoginThrottle()
  for (let i = 0; i <= addressCountMax; i++) throttle.failed(`a${i}`, i * 1_000)
  expect(throttle.size).toBe(addressCountMax)
})

import type { Command } from '../command.ts'
import { whole } from './shared.ts'
import { mqttOf } from './tools.ts'

export const simulateFleet: Command = {
  name: 'simulate fleet',
  summary: 'cars that report where they are, until Ctrl-C',
  options: {
    cars: { value: 'COUNT', help: 'MQTT clients', default: '100' },
    rate: { value: 'RATE', help: 'messages a second, over all cars', default: '100' },
    secs: { value: 'SECONDS', help: 'end after so many' },
    qos: { short: 'q', value: '0|1', help: 'quality of service', default: '1' },
  },
  examples: ['tern simulate fleet --cars 500 --rate 2000'],
  async run(given) {
    const { option, target, out, signal } = given
    const { runFleet } = await import('../fleet.ts')
    await runFleet({
      addresses: target.region?.zones.map(({ mqtt }) => mqtt) ?? [mqttOf(given)],
      cars: whole('cars', option('cars'), 50_000),
      rate: whole('rate', option('rate'), 1_000_000),
      seconds: option('secs') === undefined ? undefined : whole('secs', option('secs'), 86_400),
      qos: option('qos') === '0' ? 0 : 1,
      signal,
      say: (text) => out.say(text),
    })
  },
}

import { setTimeout as after } from 'node:timers/promises'
import { addressOf } from '@tern/runtime'
import { connectAsync, type MqttClient } from 'mqtt'
import { Failure } from './failure.ts'

export type Fleet = Readonly<{
  /** host:port of proxies: each car begins with another one, and goes on to the next when it is cut off. */
  addresses: readonly string[]
  cars: number
  /** Messages a second over all cars. */
  rate: number
  /** Undefined: until the signal. */
  seconds: number | undefined
  qos: 0 | 1
  signal: AbortSignal
  say(text: string): void
}>

const connectingMax = 50
const turnMs = 20
const tellEveryMs = 5_000
/** Cars that are behind leave out reports, as devices do, rather than pile them up. */
const unackedMax = 20

type Car = Readonly<{ name: string; client: MqttClient }> & {
  unacked: number
  latitude: number
  longitude: number
  km: number
}

/** Connects the cars, then lets each in turn report its position on fleet/car/<n>/gps. */
export async function runFleet(fleet: Fleet): Promise<void> {
  const { cars: count, say, signal } = fleet
  const cars: Car[] = []
  for (let first = 0; first < count && !signal.aborted; first += connectingMax) {
    const some = Array.from({ length: Math.min(connectingMax, count - first) }, (_, i) => first + i)
    cars.push(...(await Promise.all(some.map((index) => connectCar(index, fleet)))))
    if (count > connectingMax) say(`${cars.length} of ${count} cars connected`)
  }
  say(`${cars.length} cars connected · ${fleet.rate} msg/s on fleet/car/<n>/gps · Ctrl-C ends`)
  await report(cars, fleet)
  await Promise.all(cars.map(({ client }) => client.endAsync(true)))
}

async function connectCar(index: number, { addresses }: Fleet): Promise<Car> {
  const name = `car-${index + 1}`
  const turn = index % addresses.length
  const servers = [...addresses.slice(turn), ...addresses.slice(0, turn)].map(serverOf)
  const options = { clientId: name, protocolVersion: 5 as const, keepalive: 30, reconnectPeriod: 500 + (index % 500) }
  const client = await connectAsync(`mqtt://${addresses[turn]}`, { ...options, servers }, false).catch(
    (error: Error) => {
      throw new Failure(`${name} cannot connect to ${addresses}: ${error.message}`, { exitCode: 3, hint: 'npm start' })
    },
  )
  client.on('error', () => {})
  return {
    name,
    client,
    unacked: 0,
    latitude: 48 + ((index * 37) % 100) / 100,
    longitude: 11 + ((index * 61) % 100) / 100,
    km: 0,
  }
}

const serverOf = (address: string) => ({ protocol: 'mqtt' as const, ...addressOf(address) })

async function report(cars: readonly Car[], { rate, seconds, qos, signal, say }: Fleet): Promise<void> {
  const began = performance.now()
  let [sent, left, next, toldAt] = [0, 0, 0, began]
  const over = () => signal.aborted || (seconds !== undefined && performance.now() - began > seconds * 1_000)
  while (!over()) {
    const due = Math.floor(((performance.now() - began) * rate) / 1_000) - sent - left
    for (let i = 0; i < due; i++) {
      const car = cars[next++ % cars.length]
      if (car === undefined) return
      if (!car.client.connected || car.unacked >= unackedMax) left++
      else {
        sent++
        publish(car, qos)
      }
    }
    if (performance.now() - toldAt > tellEveryMs) {
      toldAt = performance.now()
      const away = cars.filter(({ client }) => !client.connected).length
      say(
        `${sent.toLocaleString('en')} sent${left > 0 ? `, ${left} left out` : ''}${away > 0 ? `, ${away} cars away` : ''}`,
      )
    }
    await after(turnMs, undefined, { signal }).catch(() => {})
  }
}

function publish(car: Car, qos: 0 | 1): void {
  car.km += 0.05
  car.latitude += Math.sin(car.km) / 1_000
  car.longitude += Math.cos(car.km) / 1_000
  const { name, latitude, longitude, km } = car
  const speed = Math.round(50 + 30 * Math.sin(km))
  const position = {
    lat: Number(latitude.toFixed(5)),
    lon: Number(longitude.toFixed(5)),
    speed,
    km: Number(km.toFixed(2)),
  }
  car.unacked++
  car.client.publish(`fleet/car/${name.slice(4)}/gps`, JSON.stringify(position), { qos }, () => {
    car.unacked--
  })
}

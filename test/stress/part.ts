import type { Name } from '../../src/hello/repository.ts'
import type { Environment, Instance, InstanceOptions, Server } from '../support/environment.ts'
import { type FaultProxy, startFaultProxy } from '../support/fault-proxy.ts'
import { Ledger, type Person } from './ledger.ts'

/** What every part of a run needs; what it starts ends with it. */
export class Part implements AsyncDisposable {
  readonly ledger = new Ledger()
  readonly seed: number
  readonly seconds: number
  readonly #place: Environment
  readonly #prefix: string
  readonly #end: number
  readonly #started = new AsyncDisposableStack()
  #people = 0

  /** @param prefix that of the ids of all the people whom this part greets, and of nobody else's */
  constructor(place: Environment, seed: number, prefix: string, seconds: number) {
    this.seed = seed
    this.seconds = seconds
    this.#place = place
    this.#prefix = prefix
    this.#end = performance.now() + seconds * 1000
  }

  isTimeUp(): boolean {
    return performance.now() > this.#end
  }

  async serve(home: InstanceOptions = {}): Promise<Server> {
    return this.#own(await this.#place.serve(home))
  }

  async handle(home: InstanceOptions = {}): Promise<Instance> {
    return this.#own(await this.#place.handle(home))
  }

  #own<T extends Instance>(instance: T): T {
    this.#started.defer(async () => {
      await this.ledger.noteMemory(instance)
      await instance.stop()
    })
    return instance
  }

  async startProxy(): Promise<FaultProxy> {
    const proxy = await startFaultProxy(this.#place.dynamodb, this.#place.host)
    this.#started.defer(proxy.stop)
    return proxy
  }

  /** People whom nobody has greeted; every other one has a name in the table. */
  async meet(count: number): Promise<Person[]> {
    const people = Array.from({ length: count }, (): Person => {
      const number = this.#people++
      const id = `${this.#prefix}${number}`
      return number % 2 === 0 ? { id, name: `Ada ${number}` } : { id }
    })
    let names: Name[] = people.flatMap(({ id, name }) => (name === undefined ? [] : { id, name }))
    while (names.length > 0) {
      const unprocessed = await this.#place.repository.putNames(names.slice(0, 25))
      names = [...unprocessed, ...names.slice(25)]
    }
    return people
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#started.disposeAsync()
  }
}

/** Has each caller do one thing after the other, all of them at once, until there is nothing to do. */
export async function work<T>(
  callers: T[],
  next: (caller: T) => Promise<unknown> | undefined
): Promise<void> {
  const toTheEnd = async (caller: T) => {
    for (let step = next(caller); step; step = next(caller)) await step
  }
  await Promise.all(callers.map(toTheEnd))
}

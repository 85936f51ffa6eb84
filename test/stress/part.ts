import pLimit from 'p-limit'
import type { Environment, Instance, InstanceOptions, Server } from '../support/environment.ts'
import { type FaultProxy, startFaultProxy } from '../support/fault-proxy.ts'
import type { Person } from '../support/greeting.ts'
import { Ledger } from './ledger.ts'

/** One part of a run. When it ends, it stops the instances and proxies that it has started. */
export class Part implements AsyncDisposable {
  readonly ledger = new Ledger()
  readonly seed: number
  readonly seconds: number
  readonly #environment: Environment
  readonly #prefix: string
  readonly #end: number
  readonly #started = new AsyncDisposableStack()
  #people = 0

  /** @param prefix of the ids of this part, and of no other ids */
  constructor(environment: Environment, seed: number, prefix: string, seconds: number) {
    this.seed = seed
    this.seconds = seconds
    this.#environment = environment
    this.#prefix = prefix
    this.#end = performance.now() + seconds * 1000
  }

  isTimeUp(): boolean {
    return performance.now() > this.#end
  }

  async serve(options: InstanceOptions = {}): Promise<Server> {
    return this.#own(await this.#environment.serve(options))
  }

  async handle(options: InstanceOptions = {}): Promise<Instance> {
    return this.#own(await this.#environment.handle(options))
  }

  #own<T extends Instance>(instance: T): T {
    this.#started.defer(async () => {
      await this.ledger.noteMemory(instance)
      await instance.stop()
    })
    return instance
  }

  async startProxy(): Promise<FaultProxy> {
    const proxy = await startFaultProxy(this.#environment.dynamodb, this.#environment.host)
    this.#started.defer(proxy.stop)
    return proxy
  }

  /** Creates people with new ids; every other one has a name in the table. */
  async createPeople(count: number): Promise<Person[]> {
    const people = Array.from({ length: count }, (): Person => {
      const number = this.#people++
      const id = `${this.#prefix}${number}`
      return number % 2 === 0 ? { id, name: `Ada ${number}` } : { id }
    })
    const limit = pLimit(25)
    const { putName } = this.#environment.repository
    const named = people.flatMap(({ id, name }) => (name === undefined ? [] : { id, name }))
    await Promise.all(named.map(({ id, name }) => limit(() => putName(id, name))))
    return people
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#started.disposeAsync()
  }
}

/** Runs tasks, one after the other for each client, and all clients concurrently, until none is left. */
export async function work<T>(
  clients: T[],
  next: (client: T) => Promise<unknown> | undefined
): Promise<void> {
  const runAll = async (client: T) => {
    for (let task = next(client); task; task = next(client)) await task
  }
  await Promise.all(clients.map(runAll))
}

import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb'
import type { Repository } from '../../src/hello/repository.ts'
import type { Request, Response } from './target.ts'

/** One running instance of the service, alone in its process or container. */
export interface Instance {
  send(request: Request): Promise<Response>
  terminate(): Promise<void>
  /** Stops it where it is, as Lambda does between two invocations. */
  freeze(): Promise<void>
  thaw(): Promise<void>
  /** Resolves with the exit code when it has ended. */
  ended(): Promise<number>
  /** All that it has logged. */
  logs(): Promise<string>
  /** The most memory that it has had, in bytes; `undefined` where the system does not tell. */
  peakMemory(): Promise<number | undefined>
  stop(): Promise<void>
}

/** An instance that serves HTTP. */
export interface Server extends Instance {
  origin: string
}

export interface InstanceOptions {
  /** Where its DynamoDB is, if not where that of the place is. */
  endpoint?: string
  /** Whether its wall clock stands still, at one time for all. */
  isClockFrozen?: boolean
}

/** Where instances of the service can be started, all over one table, whose DynamoDB is apart. */
export interface Environment {
  name: string
  /** The DynamoDB, for this process. */
  dynamodb: string
  tableName: string
  client: DynamoDBDocumentClient
  repository: Repository
  /** The address of this machine that instances can reach. */
  host: string
  serve(home: InstanceOptions): Promise<Server>
  /** Starts an environment of a Lambda function, which handles one event at a time. */
  handle(home: InstanceOptions): Promise<Instance>
  stop(): Promise<void>
}

/** An import that has the clock of its process stand still. */
export const frozenClock =
  "--import=data:text/javascript,import{mock}from'node:test';mock.timers.enable({apis:['Date'],now:1790000000000})"

/** Reads what Linux tells of a process, in bytes: its status file (proc_pid_status(5)). */
export function readPeakMemory(status: string): number | undefined {
  const [, kilobytes] = /^VmHWM:\s*(\d+) kB$/m.exec(status) ?? []
  return kilobytes === undefined ? undefined : Number(kilobytes) * 1024
}

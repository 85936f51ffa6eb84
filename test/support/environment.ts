import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb'
import type { Repository } from '../../src/hello/repository.ts'
import type { Request, Response } from './target.ts'

/** One running instance of the service, alone in its process or container. */
export interface Instance {
  send(request: Request): Promise<Response>
  terminate(): Promise<void>
  /** Stops the process where it is, as Lambda does between two invocations. */
  freeze(): Promise<void>
  thaw(): Promise<void>
  /** Resolves with the exit code when the process has ended. */
  ended(): Promise<number>
  /** Returns the log so far. */
  logs(): Promise<string>
  /** Returns the peak memory in bytes; `undefined` where the system does not report it. */
  peakMemory(): Promise<number | undefined>
  stop(): Promise<void>
}

/** An instance that serves HTTP. */
export interface Server extends Instance {
  origin: string
}

export interface InstanceOptions {
  /** The endpoint of its DynamoDB; by default, that of the environment. */
  endpoint?: string
  /** Whether its wall clock is stopped, at the same time for all instances. */
  isClockFrozen?: boolean
}

/** Starts instances of the service, all on one table; its DynamoDB runs in another process. */
export interface Environment {
  name: string
  /** The endpoint of the DynamoDB, for this process. */
  dynamodb: string
  tableName: string
  client: DynamoDBDocumentClient
  repository: Repository
  /** The address of this machine that instances can reach. */
  host: string
  serve(options: InstanceOptions): Promise<Server>
  /** Starts a Lambda function, which handles one event at a time. */
  handle(options: InstanceOptions): Promise<Instance>
  stop(): Promise<void>
}

/** An option of Node.js that stops the wall clock of its process. */
export const frozenClock =
  "--import=data:text/javascript,import{mock}from'node:test';mock.timers.enable({apis:['Date'],now:1790000000000})"

/** Reads the peak memory in bytes from a process's status file on Linux (proc_pid_status(5)). */
export function readPeakMemory(status: string): number | undefined {
  const [, kilobytes] = /^VmHWM:\s*(\d+) kB$/m.exec(status) ?? []
  return kilobytes === undefined ? undefined : Number(kilobytes) * 1024
}

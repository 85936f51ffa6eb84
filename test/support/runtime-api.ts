import { randomUUID } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { text } from 'node:stream/consumers'
import { Type } from 'typebox'
import { Value } from 'typebox/value'
import { listenOnFreePort } from './listen.ts'

const FunctionError = Type.Object({ errorType: Type.String(), errorMessage: Type.String() })

/** The error that a function reports, or that Lambda reports in its place. */
export type FunctionError = Type.Static<typeof FunctionError>

/** The result of an invocation: a response or an error. */
export interface Outcome {
  requestId: string
  response?: unknown
  error?: FunctionError
}

interface Invocation {
  requestId: string
  payload: string
  /** Milliseconds. */
  timeout: number
  end(outcome: Omit<Outcome, 'requestId'>): void
}

export interface RuntimeApiOptions {
  /** An address of this machine that the function can reach. */
  host: string
  /** Called when an invocation takes longer than its timeout. */
  onTimeout(seconds: string): void
  /** Responds to requests to paths outside the Runtime API, such as that of the credentials. */
  serveOther?(request: IncomingMessage, response: ServerResponse): void
}

const prefix = '/2018-06-01/runtime'
const functionArn = 'arn:aws:lambda:eu-central-1:123456789012:function:function'

/**
 * Starts the Runtime API of one execution environment; `stop` it at the end. (AWS Lambda Developer
 * Guide, "Using the Lambda runtime API for custom runtimes")
 */
export async function startRuntimeApi({ host, onTimeout, serveOther }: RuntimeApiOptions) {
  const queue: Invocation[] = []
  const polls = new Set<ServerResponse>()
  const inFlight = new Map<string, Invocation>()
  const initError = Promise.withResolvers<FunctionError>()
  let ready = Promise.withResolvers<void>()
  let closedWith: FunctionError | undefined
  let maxPolls = 0

  const server = createServer(async (request, response) => {
    const { method, url = '' } = request
    const [, requestId = '', result] =
      /^\/2018-06-01\/runtime\/invocation\/([^/]+)\/(response|error)$/.exec(url) ?? []
    if (method === 'GET' && url === `${prefix}/invocation/next`) {
      response.once('close', () => polls.delete(response))
      polls.add(response)
      maxPolls = Math.max(maxPolls, polls.size)
      ready.resolve()
      deliver()
    } else if (method === 'POST' && url === `${prefix}/init/error`) {
      initError.resolve(Value.Parse(FunctionError, JSON.parse(await text(request))))
      accept(response)
    } else if (method === 'POST' && result) {
      const body: unknown = JSON.parse(await text(request))
      const invocation = inFlight.get(requestId)
      inFlight.delete(requestId)
      invocation?.end(
        result === 'error' ? { error: Value.Parse(FunctionError, body) } : { response: body }
      )
      accept(response)
    } else if (serveOther) serveOther(request, response)
    else response.writeHead(404).end()
  })
  const port = await listenOnFreePort(server, host)

  function deliver(): void {
    for (const poll of polls) {
      const invocation = queue.shift()
      if (!invocation) return
      polls.delete(poll)
      if (polls.size === 0) ready = Promise.withResolvers()
      start(invocation, poll)
    }
  }

  function start(invocation: Invocation, poll: ServerResponse): void {
    const { requestId, payload, timeout, end } = invocation
    const timer = setTimeout(() => onTimeout((timeout / 1000).toFixed(2)), timeout)
    invocation.end = (outcome) => {
      clearTimeout(timer)
      end(outcome)
    }
    inFlight.set(requestId, invocation)
    const seconds = Math.floor(Date.now() / 1000).toString(16)
    poll.writeHead(200, {
      'Content-Type': 'application/json',
      'Lambda-Runtime-Aws-Request-Id': requestId,
      'Lambda-Runtime-Deadline-Ms': Date.now() + timeout,
      'Lambda-Runtime-Invoked-Function-Arn': functionArn,
      'Lambda-Runtime-Trace-Id': `Root=1-${seconds}-${requestId.replaceAll('-', '').slice(0, 24)};Parent=53995c3f42cd8ad8;Sampled=0`,
    })
    poll.end(payload)
  }

  return {
    address: `${host}:${port}`,
    /** Queues an event for the function; `timeout` counts from its delivery. */
    invoke(event: unknown, timeout = 10_000): Promise<Outcome> {
      const requestId = randomUUID()
      return new Promise((resolve) => {
        const end: Invocation['end'] = (outcome) => resolve({ requestId, ...outcome })
        if (closedWith) return end({ error: closedWith })
        queue.push({ requestId, payload: JSON.stringify(event), timeout, end })
        deliver()
      })
    },
    /** Resolves as soon as the function waits for an event. */
    ready: () => ready.promise,
    /** Returns the most events that the function has waited for at the same time. */
    maxPolls: () => maxPolls,
    /** Resolves when the function reports an error of its init phase. */
    initError: initError.promise,
    /** Ends each invocation with an error, from now on. */
    close(error: FunctionError): void {
      closedWith ??= error
      for (const { end } of [...inFlight.values(), ...queue.splice(0)]) end({ error: closedWith })
      inFlight.clear()
    },
    stop(): void {
      server.closeAllConnections()
      server.close()
    },
  }
}

function accept(response: ServerResponse): void {
  response.writeHead(202, { 'Content-Type': 'application/json' }).end('{"status":"OK"}')
}

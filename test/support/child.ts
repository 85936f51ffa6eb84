import { type ChildProcess, spawn } from 'node:child_process'
import { Socket } from 'node:net'
import type { Writable } from 'node:stream'

/**
 * Variables of a child that runs the service. tap records each file that its tests and their children
 * load; to record the packages takes a third of the start of a process.
 */
export const childVariables = { _TAPJS_PROCESSINFO_EXCLUDE_: String(/[\\/]node_modules[\\/]/) }

// Reads the processes that start (+) and end (-), and ends what is left when its input ends.
const guardScript = `
  while read -r change pid; do
    rest=
    for each in $pids; do [ "$each" = "$pid" ] || rest="$rest $each"; done
    pids=$rest
    [ "$change" = - ] || pids="$pids $pid"
  done
  [ -z "$pids" ] && exit
  kill -TERM $pids
  kill -CONT $pids
  sleep 15
  kill -KILL $pids`

let guard: Writable | undefined

/**
 * Ends a child with the process of the tests, however that ends: tap kills the process of a file that
 * takes too long, without teardown.
 */
export function endWithTests<T extends ChildProcess>(child: T): T {
  const { pid } = child
  if (pid === undefined) return child
  guard ??= startGuard()
  guard.write(`+ ${pid}\n`)
  child.once('exit', () => guard?.write(`- ${pid}\n`))
  return child
}

function startGuard(): Writable {
  const guard = spawn('sh', ['-c', guardScript], {
    // In a group of its own: Ctrl-C ends the group of the tests.
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  })
  guard.unref()
  const { stdin } = guard
  if (stdin instanceof Socket) stdin.unref()
  return stdin
}

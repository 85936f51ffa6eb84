import { SingleBar } from 'cli-progress'

/** Says how many there are of a thing. */
export function count(number: number, thing: string): string {
  return `${number.toLocaleString('en')} ${thing}${number === 1 ? '' : 's'}`
}

/** Shows the progress of an import: a bar on a terminal, else a line for each 10,000 names. */
export function showProgress(size: number, stderr: NodeJS.WritableStream & { isTTY?: boolean }) {
  const above = (line: string) => stderr.write(`${line}\n`)
  if (!stderr.isTTY) {
    let next = 10_000
    const show = (written: number) => {
      if (written < next) return
      above(`${count(written, 'name')} written`)
      next += 10_000
    }
    return { show, above, end() {} }
  }

  const bar = new SingleBar({
    stream: stderr,
    format: '{bar} {percentage} % | {written} names | {eta_formatted} left',
    hideCursor: true,
  })
  bar.start(size, 0, { written: 0 })
  return {
    show: (written: number, bytes: number) => bar.update(bytes, { written }),
    above(line: string) {
      stderr.write('\r\u001b[K')
      above(line)
    },
    end: () => bar.stop(),
  }
}

// Runs on whatever Node.js is first on the PATH, hence CommonJS and old syntax: an older one
// cannot run the .ts files, and its own error would not say why.
const { engines } = require('../../package.json')

const required = Number(engines.node.match(/\d+/)[0])
const running = process.versions.node

if (Number(running.split('.')[0]) < required) {
  console.error(
    `This project needs Node.js ${required} or newer, and Node.js ${running} is running. ` +
      '`npm ci` brings the right one, unless install scripts are off: ' +
      'run `npm ci --ignore-scripts=false`, or install Node.js ' +
      required +
      '.'
  )
  process.exit(1)
}

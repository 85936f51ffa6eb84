// Runs on whatever Node.js is first on the PATH, hence CommonJS and old syntax: an older one
// cannot run the .ts files, and its own error would not say why.
const { engines } = require('../../package.json')

const required = Number(engines.node.match(/\d+/)[0])
const running = process.versions.node

if (Number(running.split('.')[0]) < required) {
  console.error(
    `This project needs Node.js ${required} or newer, and Node.js ${running} is running. ` +
      '`npm ci` brings the right one for Linux and macOS on x64 and arm64, unless it omits ' +
      `optional packages. Run \`npm ci --include=optional\`, or install Node.js ${required}.`
  )
  process.exit(1)
}

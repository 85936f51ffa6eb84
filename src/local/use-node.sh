# Puts the Node.js that `npm ci` has installed first on the PATH of the shell that sources this. npm 11
# links it into node_modules/.bin, too; npm 10 removes that link with the packages for other systems.
for node in "$PWD"/node_modules/node-*/bin/node; do PATH=${node%/node}:$PATH; done
node src/local/require-node.cjs

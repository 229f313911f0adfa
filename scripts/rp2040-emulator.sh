#!/bin/sh
# Install the emulator of the Raspberry Pi Pico: npm's `rp2040js`, into build/rp2040, which git ignores.
# Safe to run again: it does only what is missing.
set -eu
cd "$(dirname "$0")/.."

for program in node npm; do
    command -v "$program" >/dev/null || { echo "$program is not installed: apt-get install --no-install-recommends nodejs npm (Node.js 20 or later)" >&2; exit 3; }
done
node -e 'process.exit(+process.versions.node.split(".")[0] >= 20 ? 0 : 1)' || { echo "Node.js 20 or later is needed, $(node --version) was found." >&2; exit 3; }

mkdir -p build/rp2040
cp scripts/rp2040/package.json scripts/rp2040/package-lock.json build/rp2040/
cd build/rp2040
stamp="node_modules/.installed-$(cksum <package-lock.json | tr ' ' -)"
if [ ! -e "$stamp" ]; then
    npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
    touch "$stamp"
fi

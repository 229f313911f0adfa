#!/bin/sh
# Install the GitHub that the tests talk to: npm's `emulate`, and GitHub's own descriptions of its API and its webhooks.
# Safe to run again: it does only what is missing. They land in tests/github/emulator/node_modules, which git ignores.
set -eu
cd "$(dirname "$0")/../tests/github/emulator"

for program in node npm; do
    command -v "$program" >/dev/null || { echo "$program is not installed: apt-get install --no-install-recommends nodejs npm (Node.js 20 or later)" >&2; exit 3; }
done
node -e 'process.exit(+process.versions.node.split(".")[0] >= 20 ? 0 : 1)' || { echo "Node.js 20 or later is needed, $(node --version) was found." >&2; exit 3; }

stamp="node_modules/.installed-$(cat package-lock.json slim.mjs | cksum | tr ' ' -)"
if [ ! -e "$stamp" ]; then
    npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
    # GitHub's description is published for each of its editions, resolved and not; of 400 MB the tests read one.
    node slim.mjs
    find node_modules/@octokit/openapi/generated -name '*.json' -delete
    touch "$stamp"
fi

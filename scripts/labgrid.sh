#!/bin/sh
# Install labgrid, which reserves the boards of a farm, into an environment of its own: build/labgrid, which git ignores.
# Its Python package brings a fork of pyserial under the same name, so it cannot live beside Boardwright.
# Safe to run again: it does only what is missing. Pinned in scripts/labgrid/requirements.lock.
set -eu
cd "$(dirname "$0")/.."

lock=scripts/labgrid/requirements.lock
stamp="build/labgrid/.installed-$(cksum <$lock | tr ' ' -)"
if [ ! -e "$stamp" ]; then
    python=.venv/bin/python
    [ -x $python ] || python=python3
    uv=$(command -v uv || command -v .venv/bin/uv || true)
    if [ -n "$uv" ]; then
        "$uv" venv -q --clear --python "$python" build/labgrid
        "$uv" pip install -q --python build/labgrid/bin/python --require-hashes -r $lock
    else
        "$python" -m venv --clear build/labgrid
        build/labgrid/bin/pip install -q --disable-pip-version-check --require-hashes -r $lock
    fi
    touch "$stamp"
fi
echo "export BOARDWRIGHT_LABGRID=$PWD/build/labgrid/bin/labgrid-client"

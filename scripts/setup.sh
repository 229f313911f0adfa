#!/bin/sh
# Install what Boardwright needs on Debian or Ubuntu; elsewhere, or without root, say what to install and stop.
# Safe to run again: it does only what is missing. Everything that decides anything later is `boardwright doctor`.
# Arguments: further programs whose Debian packages have their names, such as clang.
set -eu
cd "$(dirname "$0")/.."

VENV=.venv
UV_VERSION=0.13.8
say() { printf '%s\n' "$*" >&2; }
have() { command -v "$1" >/dev/null 2>&1; }

missing=""
want() { missing="$missing $*"; }
have git || want git
have gcc && gcc -print-file-name=crt1.o | grep -q / || want gcc libc6-dev
have arm-none-eabi-gcc || want gcc-arm-none-eabi
have arm-none-eabi-gcc && arm-none-eabi-gcc -print-file-name=nano.specs | grep -q / || want libnewlib-arm-none-eabi
have qemu-system-arm || want qemu-system-arm
[ "$(uname -s)" != Linux ] || have bwrap || want bubblewrap
have python3 || want python3
have uv || python3 -c 'import ensurepip' 2>/dev/null || want python3-venv
for program in "$@"; do have "$program" || want "$program"; done

if [ "$(uname -s)" != Linux ] || ! have apt-get; then
    if [ -n "$missing" ]; then
        say "This script installs packages on Debian and Ubuntu only. Install these and run it again:"
        say "  git, a C compiler, Python 3.11 to 3.13, uv, the Arm GNU toolchain (arm-none-eabi-gcc with newlib), QEMU (qemu-system-arm)"
        say "On macOS with Homebrew:"
        say "  brew install uv qemu && brew install --cask gcc-arm-embedded"
        exit 3
    fi
elif [ -n "$missing" ]; then
    if [ "$(id -u)" -eq 0 ]; then as_root=""; elif have sudo; then as_root="sudo"; else
        say "These packages are missing, and installing them needs root. Ask for:"
        say "  apt-get install --no-install-recommends$missing"
        exit 3
    fi
fi

packages() {
    [ -n "$missing" ] || return 0
    say "Installing:$missing"
    $as_root apt-get update -qq
    # shellcheck disable=SC2086
    $as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing >/dev/null
}

stamp="$VENV/.installed-$(cat requirements.lock pyproject.toml | cksum | tr ' ' -)"
environment() {
    if ! python3 -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 14))'; then
        have uv || { say "Python 3.11, 3.12 or 3.13 is needed; $(python3 --version) was found. Install one of them, or uv, and run this again."; exit 3; }
    fi
    [ ! -e "$stamp" ] || return 0
    say "Preparing the Python environment in $VENV (about 400 MB to download the first time)"
    if have uv; then
        uv venv -q --clear --python '>=3.11,<3.14' "$VENV"; uv=uv
    else
        python3 -m venv --clear "$VENV"
        "$VENV/bin/python" -m pip install -q "uv==$UV_VERSION"; uv="$VENV/bin/uv"
    fi
    unset PYTHONDONTWRITEBYTECODE
    "$uv" pip install -q --python "$VENV/bin/python" --compile-bytecode --require-hashes -r requirements.lock
    "$uv" pip install -q --python "$VENV/bin/python" --no-deps -e .
    touch "$stamp"
}

# The two do not need each other, unless Python itself is missing.
case "$missing" in
*python3*)
    packages
    environment
    ;;
*)
    trap wait EXIT
    environment &
    packages
    wait $!
    ;;
esac

#!/bin/sh
# Make the base image of our Dockerfile from Debian's archive, as root, where no registry can be reached.
set -eu
if docker image inspect debian:bookworm-slim >/dev/null 2>&1; then exit 0; fi
command -v mmdebstrap >/dev/null || { echo "mmdebstrap is not installed: apt-get install --no-install-recommends mmdebstrap" >&2; exit 3; }
mmdebstrap --quiet --variant=minbase \
    --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-exclude=/usr/share/man/*' --dpkgopt='path-exclude=/usr/share/locale/*' \
    bookworm - | docker import -c 'CMD ["/bin/bash"]' - debian:bookworm-slim >/dev/null

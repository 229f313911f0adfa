#!/bin/sh
# Start or stop a Docker daemon by hand, as root, where no service manager does: in containers and in continuous integration.
# Usage: docker-daemon.sh start|stop. `stop` ends only what `start` began.
set -eu
folder=${BOARDWRIGHT_DOCKER_STATE:-/run/boardwright-docker}
pid_file=$folder/dockerd.pid

started() { [ -s "$pid_file" ] && kill -0 "$(cat "$pid_file")" 2>/dev/null; }

case "${1:-}" in
start)
    if docker info >/dev/null 2>&1; then echo "A Docker daemon runs already."; exit 0; fi
    command -v dockerd >/dev/null || { echo "dockerd is not installed: apt-get install --no-install-recommends docker.io iptables" >&2; exit 3; }
    mkdir -p "$folder"
    nohup dockerd --pidfile "$pid_file" --exec-root "$folder/exec" >"$folder/log" 2>&1 &
    waited=0
    until docker info >/dev/null 2>&1; do
        waited=$((waited + 1))
        [ "$waited" -le 120 ] || { echo "dockerd did not start; the end of $folder/log:" >&2; tail -n 5 "$folder/log" >&2; exit 3; }
        sleep 0.5
    done
    ;;
stop)
    started || exit 0
    pid=$(cat "$pid_file")
    kill "$pid"
    while kill -0 "$pid" 2>/dev/null; do sleep 0.2; done
    ;;
*)
    echo "usage: $0 start|stop" >&2
    exit 2
    ;;
esac

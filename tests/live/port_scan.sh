#!/bin/sh
# Nobody else on the network reaches an rpc-server of a pool with peers: two simulated machines, each scanned from the
# other. Needs root. port_scan.sh TIGHTWAD RPC_SERVER
set -eu
here=$(cd "$(dirname "$0")" && pwd)
. "$here/../bench/namespaces.sh"
refuse() {
    echo "skipped: $1"
    exit 77
}
make_machines worker
ip netns exec "$net-wire" node "$here/port_scan.mjs" "$1" "$2" "$net-worker"

#!/bin/sh
# Tightwad across machines: proxy, target and drafter as processes of their own, each in a network namespace, with
# relays that delay what passes between them: peers.sh [--only ROW,ROW] [--pairs N] [--tokens N] [--jitter-ms N] [--rate B/s]
# Rows: rtt0 rtt2 rtt10 rtt40 rtt100 unpinned. Needs root, two processor cores and an otherwise idle machine.
# Last line: equal=… slowest=… worst_vs_predicted=… bytes_per_round=… round_ms=… ("-" = not measured)
set -eu
cd "$(dirname "$0")/../.."
. tests/bench/common.sh
refuse() {
    echo "peers.sh: $1" >&2
    exit 2
}
[ "$(id -u)" = 0 ] || refuse "The simulated machines are network namespaces, and only root can make those. Run it as root."
for tool in ip taskset node; do
    command -v "$tool" >/dev/null || refuse "The program $tool is not there; it is in the package iproute2, util-linux or nodejs."
done
[ "$(nproc)" -ge 2 ] || refuse "Target and drafter need a processor core each, and there is only one."

net=tw$$
machines="wire proxy target drafter"
bench_pid=
clean() {
    trap '' INT TERM HUP
    trap - EXIT
    if [ -n "$bench_pid" ]; then
        kill -TERM "$bench_pid" 2>/dev/null || true
        wait "$bench_pid" 2>/dev/null || true
    fi
    for machine in $machines; do
        # What the bench could not end itself, because it was killed.
        for pid in $(ip netns pids "$net-$machine" 2>/dev/null); do kill -KILL "$pid" 2>/dev/null || true; done
        ip netns del "$net-$machine" 2>/dev/null || true # takes its links along
    done
}
trap clean EXIT
trap 'clean; exit 130' INT
trap 'clean; exit 143' TERM HUP

# A star: every machine has one link to the wire, whose address 10.99.0.1 all of them reach. Relays listen there.
ip netns add "$net-wire" 2>/dev/null ||
    refuse "The kernel lets nobody make network namespaces here (a container without the right to?), so there are no machines to simulate."
ip -n "$net-wire" link set lo up
ip -n "$net-wire" addr add 10.99.0.1/32 dev lo
number=0
for machine in proxy target drafter; do
    number=$((number + 1))
    ip netns add "$net-$machine"
    ip -n "$net-$machine" link set lo up
    ip -n "$net-wire" link add "to$number" type veth peer name eth0 netns "$net-$machine" ||
        refuse "The kernel makes no veth pairs here, so the simulated machines cannot be connected."
    ip -n "$net-wire" addr add "10.99.$number.1/24" dev "to$number"
    ip -n "$net-wire" link set "to$number" up
    ip -n "$net-$machine" addr add "10.99.$number.2/24" dev eth0
    ip -n "$net-$machine" link set eth0 up
    ip -n "$net-$machine" route add default via "10.99.$number.1"
done

bench_build tightwad
quiet_run "$tw_cache/bench/build.log" "the build" cmake --build build-bench --target tw_relay
sh apps/setup/models.sh build-bench/bin/tightwad-make-model --bench
ip netns exec "$net-proxy" taskset -c 1 node tests/bench/peers.mjs --out build-bench/peers --net "$net" \
    --tightwad build-bench/bin/tightwad --relay build-bench/bin/tw_relay --models "$models" \
    --plugins build-bench/lib/tightwad/plugins "$@" &
bench_pid=$!
status=0
wait "$bench_pid" || status=$?
bench_pid=
exit $status

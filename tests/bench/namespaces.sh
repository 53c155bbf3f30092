# Simulated machines for a bench: network namespaces in a star around the wire, where relays listen. Sourced; needs root.
net=tw$$
machines=wire
bench_pid=

refuse() {
    echo "$(basename "$0"): $1" >&2
    exit 2
}

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

# make_machines NAME...: machine number N has the address 10.99.N.2 and one link to the wire, whose address 10.99.0.1 all
# of them reach.
make_machines() {
    [ "$(id -u)" = 0 ] || refuse "The simulated machines are network namespaces, and only root can make those. Run it as root."
    for tool in ip taskset node; do
        command -v "$tool" >/dev/null || refuse "The program $tool is not there; it is in the package iproute2, util-linux or nodejs."
    done
    [ "$(nproc)" -ge 2 ] || refuse "What the machines compute needs two processor cores, and there is only one."
    machines="$machines $*"
    trap clean EXIT
    trap 'clean; exit 130' INT
    trap 'clean; exit 143' TERM HUP
    ip netns add "$net-wire" 2>/dev/null ||
        refuse "The kernel lets nobody make network namespaces here (a container without the right to?), so there are no machines to simulate."
    ip -n "$net-wire" link set lo up
    ip -n "$net-wire" addr add 10.99.0.1/32 dev lo
    number=0
    for machine in "$@"; do
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
}

# run_bench MACHINE SCRIPT ARGUMENT...: the bench itself, on core 1 of that machine; returns its exit status.
run_bench() {
    bench_machine=$1
    shift
    ip netns exec "$net-$bench_machine" taskset -c 1 node "$@" --net "$net" --models "$models" \
        --tightwad build-bench/bin/tightwad --relay build-bench/bin/tw_relay --plugins build-bench/lib/tightwad/plugins &
    bench_pid=$!
    bench_status=0
    wait "$bench_pid" || bench_status=$?
    bench_pid=
    return "$bench_status"
}

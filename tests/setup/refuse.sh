# refuse SENTENCE COMMAND...: the command must fail with SENTENCE as its last line. Sourced.
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failures=0

refuse() {
    sentence=$1
    shift
    if "$@" >"$work/said" 2>&1 </dev/null; then
        echo "FAILED, it was accepted: $*"
        failures=$((failures + 1))
    elif ! tail -n 1 "$work/said" | grep -q -F -- "$sentence"; then
        echo "FAILED: $*"
        echo "  expected: $sentence"
        sed 's/^/  said: /' "$work/said"
        failures=$((failures + 1))
    fi
}

finish() {
    [ "$failures" = 0 ] || { echo "$failures failed"; exit 1; }
    echo "all refused as they should be"
}

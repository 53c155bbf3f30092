#!/bin/sh
# The steps of the image (Dockerfile), on a plain Debian 12 as root: image.sh build PREFIX | image.sh run
# build: builds the clone that this script lies in and installs it at PREFIX. run: what the installed tree needs beside it.
set -eu
case ${1:-} in
build)
    tw_root=$(cd "$(dirname "$0")/../.." && pwd)
    . "$tw_root/apps/setup/common.sh"
    prefix=${2:?image.sh build needs the folder to install at}
    cd "$tw_root"
    apt-get update -q # a plain image has no lists
    sh apps/setup/packages.sh
    find_engine
    cmake --preset release "-DTIGHTWAD_ENGINE_DIR=$engine_dir"
    cmake --build build
    cmake --install build --prefix "$prefix"
    ;;
run)
    export DEBIAN_FRONTEND=noninteractive
    apt-get update -q
    apt-get install -y -q --no-install-recommends ca-certificates libssl3 libspdlog1.10 libyaml-cpp0.7 libgomp1
    rm -rf /var/lib/apt/lists/*
    useradd --system --home-dir /var/lib/tightwad --create-home tightwad
    install -d -o tightwad /var/cache/tightwad
    ;;
*)
    echo "error: image.sh knows build PREFIX and run, not '${1:-}'" >&2
    exit 1
    ;;
esac

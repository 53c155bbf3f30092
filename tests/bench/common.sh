# What the benches share: a Release build of one bench, and where the models lie. Sourced from the clone's root.
tw_root=$(pwd)
. "$tw_root/apps/setup/common.sh"
models=$tw_models

# bench_build TARGET: packages, engine, build and models, quiet when all is there.
bench_build() {
    sh apps/setup/packages.sh --tests
    find_engine
    use_ccache
    mkdir -p "$tw_cache/bench"
    quiet_run "$tw_cache/bench/configure.log" "cmake" cmake --preset bench "-DTIGHTWAD_ENGINE_DIR=$engine_dir"
    quiet_run "$tw_cache/bench/build.log" "the build" cmake --build build-bench --target "$1" plugin_llamacpp \
        tightwad-make-model
    sh apps/setup/models.sh build-bench/bin/tightwad-make-model
}

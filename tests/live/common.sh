# What the live tests share: where the models lie, a folder of their own. Sourced.
models=${TIGHTWAD_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/tightwad}/models
work=$(mktemp -d)
export TIGHTWAD_STATE="$work/state"

# A port that was free a moment ago.
free_port() {
    node -e 'const s=require("net").createServer().listen(0,"127.0.0.1",()=>{console.log(s.address().port);s.close()})'
}

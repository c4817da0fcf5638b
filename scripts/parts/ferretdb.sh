# FerretDB, the MongoDB-compatible server for machines without a mongod: built once from its Go module.

ferretdb_version=1.24.2
ferretdb_module=github.com/FerretDB/FerretDB

# Before anything is installed, so that all that is asked of the developer is asked at once.
require_go() {
  has_mongo && return
  command -v go >/dev/null || fail \
    "there is no mongod, and FerretDB $ferretdb_version can't be built without Go. One of these helps, then run setup again:" \
    "  Go 1.24 or newer on PATH (https://go.dev/dl), which builds FerretDB" \
    "  a mongod on PATH (https://www.mongodb.com/docs/manual/installation)" \
    "  FAULTLINE_MONGO_PROGRAM=/path/to/ferretdb of version 1.24"
}

build_ferretdb() {
  has_mongo && return
  say "will build FerretDB $ferretdb_version: there is no mongod, and the logger stores its entries in MongoDB"
  say "building FerretDB $ferretdb_version (about 2 minutes, once)…"
  build_into "$cache/bin"
  say "built $cache/bin/ferretdb"
}

# build_into FOLDER. In a folder that is new each time, and moved into place when it is complete, so an
# interruption leaves nothing that looks finished.
build_into() {
  local work source
  rm -rf "$cache"/build.*
  work=$(mktemp -d "$cache/build.XXXXXX")
  export GOFLAGS= GOWORK=off CGO_ENABLED=0
  logged go mod download "$ferretdb_module@v$ferretdb_version" || fail "FerretDB's source could not be fetched; is the network there?"
  source=$(go mod download -json "$ferretdb_module@v$ferretdb_version" | sed -n 's/^\t"Dir": "\(.*\)",\{0,1\}$/\1/p')
  cp -R "$source/." "$work"
  chmod -R u+w "$work"
  # Its build reads its version from this file, which is not in the module; without it the program panics.
  echo "v$ferretdb_version" >"$work/build/version/version.txt"
  # Without the backend of PostgreSQL, which the lab does not use: a tenth less to compile.
  (cd "$work" && logged go build -trimpath -tags ferretdb_no_postgresql -o "$work/ferretdb.new" ./cmd/ferretdb 9>&-) || fail "FerretDB could not be built"
  mkdir -p "$1"
  mv "$work/ferretdb.new" "$1/ferretdb"
  rm -rf "$work"
}

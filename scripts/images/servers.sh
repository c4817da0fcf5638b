# Stand-ins of the servers, that of the page too: a Debian with the server's package, and an entry point that reads the
# same variables as the image whose place it takes.

# build_server NAME
build_server() {
  local name=$1 image key base
  image=$(image_of "$name")
  [[ $name != page ]] || scripts/page
  # shellcheck disable=SC2046 # no name of these holds a space
  key=$(cat scripts/images/debian.sh scripts/images/servers/"$name".* $(sources_of "$name") | sha256sum | cut -c1-16)
  is_there "$image" "$key" && { say "$image is there"; return; }
  case $name in
    postgres) make_archive postgres postgresql ;;
    rabbitmq) make_archive rabbitmq rabbitmq-server ;;
    mongo) make_archive debian bash ;;
    page) make_archive nginx nginx-light ;;
  esac
  say "building a stand-in for $image"
  base=faultline/stand-in-$(basename "$archive" .tar):rootfs
  logged docker import "$archive" "$base" || fail "the engine could not import $archive"
  local context
  context=$(mktemp -d "$work/context.XXXXXX")
  cp scripts/images/servers/"$name".* "$context"
  [[ $name != page ]] || cp -r client/dist client/image/nginx.conf client/image/entry.sh "$context"
  [[ $name != mongo ]] || { find_ferretdb; cp "$program" "$context/ferretdb"; }
  logged docker build --pull=false --label "faultline.stand-in=$key" --build-arg "BASE=$base" \
    -f "$context/$name.Dockerfile" -t "$image" "$context" || fail "the engine could not build $image"
  rm -rf "$context"
  logged docker image rm "$base" || true
}

# sources_of NAME: files that go into an image besides those in servers/.
sources_of() {
  [[ $1 != page ]] || find client/dist client/image -type f | sort
}

# Sets `program` to FerretDB: the one that the developer chose, or one on this machine, or it is built.
find_ferretdb() {
  for program in "${FAULTLINE_FERRETDB:-}" "$cache/bin/ferretdb" "$(command -v ferretdb || true)"; do
    [[ -n $program && -x $program ]] && return
  done
  command -v go >/dev/null || fail "there is no ferretdb, and it can't be built without Go; install Go 1.24 or newer"
  say "building FerretDB $ferretdb_version (about 2 minutes, once)…"
  build_into "$cache/bin"
  program=$cache/bin/ferretdb
}

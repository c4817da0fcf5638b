# Stand-ins of the services: the programs that were built here, laid out as the Dockerfile does it.

# build_service NAME
build_service() {
  local name=$1 image key program=${CARGO_TARGET_DIR:-target}/debug/$1 root
  [[ -x $program ]] || fail "$program is not there; scripts/build builds it"
  image=$(image_of "$name")
  key=$(cat scripts/images/rootfs.sh scripts/images/services.sh "$program" | sha256sum | cut -c1-16)
  is_there "$image" "$key" && { say "$image is there"; return; }
  say "building $image of $program"
  root=$(mktemp -d "$work/service.XXXXXX")
  logged sh scripts/images/rootfs.sh "$program" "$root" || fail "$program could not be laid out"
  mv "$root/$name" "$root/service"
  chmod 755 "$root"
  tar --owner=0 --group=0 -C "$root" -c . | docker import \
    --change 'USER 65532:65532' --change 'ENTRYPOINT ["/service"]' --change "LABEL faultline.stand-in=$key" \
    --change 'HEALTHCHECK --interval=5s --timeout=3s --start-period=5s CMD ["/service", "--healthcheck"]' \
    - "$image" >>"$log" 2>&1 || fail "the engine could not import $image; see $log"
  rm -rf "$root"
}

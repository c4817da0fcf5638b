# Root file systems of Debian, as archives that an engine can import.

release=bookworm

# make_archive NAME PACKAGE...: an archive of a Debian with these packages, made once; `archive` is its path.
make_archive() {
  local root
  archive=$work/$1.tar
  shift
  [[ -s $archive ]] && return
  require_debootstrap
  root=$(mktemp -d "$work/root.XXXXXX")
  say "making a Debian $release with $* (a minute or two, once)…"
  logged debootstrap --variant=minbase "$release" "$root" || fail "debootstrap could not make a Debian; is the network there?"
  lend_sources "$root"
  logged install_inside "$root" "$@" || { unmount "$root"; fail "the packages $* could not be installed"; }
  take_back_sources "$root"
  rm -rf "$root"/var/cache/apt/* "$root"/var/lib/apt/lists/* "$root"/var/log/*
  tar --one-file-system -C "$root" -cf "$archive.new" .
  mv "$archive.new" "$archive"
  rm -rf --one-file-system "$root"
}

require_debootstrap() {
  [[ $(id -u) == 0 ]] || fail "stand-ins of the servers are made with debootstrap, which needs root: sudo scripts/images/build"
  command -v debootstrap >/dev/null && return
  command -v apt-get >/dev/null || fail "debootstrap is missing; install it, or pull the images of docker-compose.yml"
  say "installing debootstrap"
  logged apt-get update && logged apt-get install -y debootstrap || fail "debootstrap could not be installed"
}

# Inside, packages come from where this machine gets its own, if it is a Debian of the same release.
lend_sources() {
  local root=$1 file
  cp -L /etc/resolv.conf /etc/hosts "$root/etc/"
  grep -qs "VERSION_CODENAME=$release" /etc/os-release || return 0
  for file in /etc/apt/sources.list /etc/apt/sources.list.d/*.sources /etc/apt/sources.list.d/*.list /etc/apt/apt.conf.d/*; do
    [[ -f $file ]] && [[ $(basename "$file") != docker-clean ]] && cp -L "$file" "$root$file.lent"
  done
  rm -f "$root/etc/apt/sources.list"
  for file in "$root"/etc/apt/{,sources.list.d/,apt.conf.d/}*.lent; do [[ -f $file ]] && mv "$file" "${file%.lent}"; done
  mkdir -p "$root/etc/ssl" && cp -rL /etc/ssl/certs "$root/etc/ssl/"
}

# What was lent is of this machine, and no image should know of it.
take_back_sources() {
  rm -rf "$1"/etc/apt/sources.list "$1"/etc/apt/sources.list.d/* "$1"/etc/apt/apt.conf.d/*
  : >"$1/etc/resolv.conf"
  : >"$1/etc/hosts"
}

install_inside() {
  local root=$1
  shift
  printf '#!/bin/sh\nexit 101\n' >"$root/usr/sbin/policy-rc.d"
  chmod +x "$root/usr/sbin/policy-rc.d"
  mount -t proc proc "$root/proc"
  chroot "$root" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin DEBIAN_FRONTEND=noninteractive LANG=C.UTF-8 sh -c \
    'apt-get update && apt-get install -y --no-install-recommends "$@"' install "$@" || return
  unmount "$root"
  rm "$root/usr/sbin/policy-rc.d"
}

unmount() { umount "$1/proc" 2>/dev/null || true; }

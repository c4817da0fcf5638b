#!/bin/sh
# Lays out the smallest root file system in which a program runs: itself, the libraries that it loads, and
# how names are resolved. No shell, no packages.
#
#   rootfs.sh PROGRAM FOLDER
#
# The images of the services are made of it, by the Dockerfile and by scripts/images/build alike.
set -eu
program=$1 root=$2

mkdir -p "$root/etc" "$root/tmp"
chmod 1777 "$root/tmp"
cp "$program" "$root/$(basename "$program")"
# The loader stands in the list without an arrow: "/lib64/ld-linux-x86-64.so.2 (0x…)".
ldd "$program" | sed -n 's/.*=> \(\/[^ ]*\).*/\1/p; s/^[[:space:]]*\(\/[^ ]*\) (.*/\1/p' | while read -r library; do
  mkdir -p "$root$(dirname "$library")"
  cp -L "$library" "$root$library"
done
echo 'hosts: files dns' >"$root/etc/nsswitch.conf"
echo 'service:x:65532:65532::/:/none' >"$root/etc/passwd"

# PostgreSQL and RabbitMQ from the system's packages. The lab starts servers of its own, so the packages'
# own services are neither started, now or at boot, nor given a database cluster.

policy=/usr/sbin/policy-rc.d
cluster=/etc/postgresql-common/createcluster.d/faultline-setup.conf
mark='faultline setup: for the time of an installation'

install_packages() {
  local missing
  missing=$(missing_packages)
  become_root
  # What an earlier setup left when it was killed.
  left_behind && remove_guards
  [[ -z $missing ]] && return
  command -v apt-get >/dev/null || ask_for "$missing"
  explain "$missing"
  trap remove_guards EXIT
  trap 'exit 130' INT TERM HUP
  put_guards
  # shellcheck disable=SC2086 # one word a package
  get $missing
  keep_off_at_boot "$missing"
  remove_guards
  trap - EXIT INT TERM HUP
}

explain() {
  grep -q postgresql <<<"$1" && say "will install postgresql: the authentication service keeps its users in it"
  grep -q rabbitmq <<<"$1" && say "will install rabbitmq-server: broker and listener talk through it"
  return 0
}

# Sets `root` to what runs a command as root: nothing, or sudo without a password.
become_root() {
  root=()
  [[ $(id -u) == 0 ]] && return
  if sudo -n true 2>/dev/null; then root=(sudo -n); return; fi
  local missing
  missing=$(missing_packages | xargs)
  [[ -z $missing ]] && return
  fail "root is needed to install what is missing, and sudo asks for a password. Run this once, then setup again:" \
    "  sudo apt-get update && sudo apt-get install --no-install-recommends $missing" \
    "  sudo systemctl disable --now postgresql rabbitmq-server   # the lab starts its own"
}

ask_for() {
  fail "this system has no apt-get, so these must be installed by hand, then run setup again:" \
    "$(grep -q postgresql <<<"$1" && echo "  PostgreSQL server 13 or newer: initdb and postgres on PATH")" \
    "$(grep -q rabbitmq <<<"$1" && echo "  RabbitMQ 3.10 or newer, with Erlang: rabbitmq-server on PATH")"
}

get() {
  say "installing $* (a minute or two)…"
  finish_interrupted
  if have_candidates "$@" && logged apt_get install --no-install-recommends "$@"; then return; fi
  say "reading the package lists…"
  logged apt_get update || fail "the package lists could not be read; is the network there?"
  have_candidates "$@" || fail "the package sources of this system don't have: $*"
  logged apt_get -f install || true
  logged apt_get install --no-install-recommends "$@" || fail "the packages could not be installed: $*"
}

# Configures what an interrupted installation has only unpacked; apt refuses to work before. The dpkg of a
# set-up that was killed may still be at it.
finish_interrupted() {
  local told waited=
  until told=$(LC_ALL=C "${root[@]}" env DEBIAN_FRONTEND=noninteractive dpkg --force-confdef --force-confold --configure -a 2>&1); do
    printf '%s\n' "$told" >>"$log"
    grep -q 'lock' <<<"$told" && ((SECONDS < 600)) || return 0
    [[ -n $waited ]] || say "another installation of packages is running; waiting for it to end"
    waited=yes
    sleep 1
  done
}

apt_get() {
  "${root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -qy -o DPkg::Lock::Timeout=300 \
    -o Dpkg::Options::=--force-confdef -o Dpkg::Options::=--force-confold "$@"
}

have_candidates() {
  local package policy_of
  for package in "$@"; do
    policy_of=$(LC_ALL=C apt-cache policy "$package")
    grep -q 'Candidate: [0-9]' <<<"$policy_of" || return 1
  done
}

put_guards() {
  write_as_root "$cluster" 644 "# $mark" "create_main_cluster = false"
  [[ -e $policy ]] || write_as_root "$policy" 755 '#!/bin/sh' "# $mark" 'exit 101'
}

# Whether one of the guards is there that only lives as long as an installation.
left_behind() { [[ -e $cluster ]] || grep -qsF "$mark" "$policy"; }

remove_guards() {
  "${root[@]}" rm -f "$cluster"
  ! grep -qsF "$mark" "$policy" || "${root[@]}" rm -f "$policy"
}

# write_as_root FILE MODE LINE...
write_as_root() {
  local file=$1 mode=$2
  shift 2
  "${root[@]}" mkdir -p "$(dirname "$file")"
  printf '%s\n' "$@" | "${root[@]}" tee "$file.new" >/dev/null
  "${root[@]}" chmod "$mode" "$file.new"
  "${root[@]}" mv "$file.new" "$file"
}

# The packages enable their services for the next boot; they would take the ports of `faultline up`.
keep_off_at_boot() {
  command -v systemctl >/dev/null || return 0
  local units=()
  grep -q postgresql <<<"$1" && units+=(postgresql.service)
  grep -q rabbitmq <<<"$1" && units+=(rabbitmq-server.service epmd.service epmd.socket)
  logged "${root[@]}" systemctl disable "${units[@]}" || true
}

# What is there already. The lab itself looks in the same places (`faultline doctor`).

has_postgres() {
  command -v initdb >/dev/null && command -v postgres >/dev/null && return
  compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null
}

has_rabbitmq() { [[ -x /usr/lib/rabbitmq/bin/rabbitmq-server ]] || command -v rabbitmq-server >/dev/null; }

# Any of: the program that the developer chose, mongod, FerretDB 1 (2 needs a server that is not ours to install).
has_mongo() {
  [[ -n ${FAULTLINE_MONGO_PROGRAM:-} ]] && command -v "$FAULTLINE_MONGO_PROGRAM" >/dev/null && return
  command -v mongod >/dev/null && return
  [[ -x $cache/bin/ferretdb ]] && return
  command -v ferretdb >/dev/null && grep -Eq '(^|[ v])1\.[0-9]+' <<<"$(ferretdb --version 2>/dev/null)"
}

# The packages that must be installed, one a line. A package whose installation was interrupted counts as
# missing though its programs are there: its users and files may not be.
missing_packages() {
  local half
  half=$(half_installed)
  { has_postgres && ! grep -q '^postgresql' <<<"$half"; } || echo postgresql
  { has_rabbitmq && ! grep -Eq '^(rabbitmq|erlang)' <<<"$half"; } || echo rabbitmq-server
}

half_installed() {
  command -v dpkg-query >/dev/null || return 0
  { dpkg-query -W -f '${Package} ${db:Status-Status}\n' 'postgresql*' 'rabbitmq-server' 'erlang-*' 2>/dev/null || true; } |
    grep -E ' (half-|unpacked|triggers-)' || true
}

#!/bin/sh
# Becomes FerretDB. Reads MONGO_INITDB_ROOT_USERNAME, MONGO_INITDB_ROOT_PASSWORD and MONGO_INITDB_DATABASE like the
# image whose place this one takes; the user belongs to that database.
set -eu
export FERRETDB_SETUP_USERNAME="${MONGO_INITDB_ROOT_USERNAME:?must be set}"
export FERRETDB_SETUP_PASSWORD="${MONGO_INITDB_ROOT_PASSWORD:?must be set}"
export FERRETDB_SETUP_DATABASE="${MONGO_INITDB_DATABASE:-admin}"
exec ferretdb --listen-addr=0.0.0.0:27017 --handler=sqlite --sqlite-url=file:/data/db/ --state-dir=/data/db \
  --debug-addr=- --telemetry=disable --log-level=warn --test-enable-new-auth

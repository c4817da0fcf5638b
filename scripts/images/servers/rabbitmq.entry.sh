#!/bin/sh
# Writes the configuration, then becomes RabbitMQ. Reads RABBITMQ_DEFAULT_USER and RABBITMQ_DEFAULT_PASS like the
# image whose place this one takes; as there, the default user may come from everywhere.
set -eu
if [ "$(id -u)" = 0 ]; then
  mkdir -p /var/lib/rabbitmq /var/log/rabbitmq
  chown -R rabbitmq: /var/lib/rabbitmq /var/log/rabbitmq /etc/rabbitmq
  exec setpriv --reuid=rabbitmq --regid=rabbitmq --init-groups sh "$0" "$@"
fi

umask 077
cat >/etc/rabbitmq/rabbitmq.conf <<CONF
default_user = ${RABBITMQ_DEFAULT_USER:-guest}
default_pass = ${RABBITMQ_DEFAULT_PASS:-guest}
loopback_users = none
log.console = true
log.file = false
CONF
echo '[rabbitmq_management].' >/etc/rabbitmq/enabled_plugins

# With input allowed the script becomes the machine instead of waiting for it, so that signals reach it.
export RABBITMQ_ALLOW_INPUT=1 RABBITMQ_SERVER_START_ARGS=-noinput ERL_CRASH_DUMP_SECONDS=0
exec rabbitmq-server "$@"

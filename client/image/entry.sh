#!/bin/sh
# Says where the broker is, as the browser reaches it (BROKER_URL), and becomes nginx.
set -eu
case ${BROKER_URL:?must be set} in
  *[\"\\]*) echo "BROKER_URL is no address: $BROKER_URL" >&2; exit 64 ;;
  http://* | https://*) ;;
  *) echo "BROKER_URL must be like http://localhost:8080" >&2; exit 64 ;;
esac
printf '{"broker": "%s"}\n' "$BROKER_URL" >/tmp/config.json
exec nginx -c /page.conf -g 'daemon off;'

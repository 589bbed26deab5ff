#!/bin/sh
# Runs once, as root: traffic capture. The certificates are the business of istio-agent.
set -eu

fail() {
  printf 'istio-init: %s\n' "$1" >&2
  exit 1
}

for name in HOST ISTIO_PROXY_UID ISTIO_PROXY_PORT ISTIO_INBOUND_INTERCEPTION_MODE; do
  [ -n "$(printenv "$name")" ] || fail "$name is empty or not set; inject the pod again and run it on Mesos"
done
for name in ISTIO_SERVICE_CIDR ISTIO_INBOUND_PORTS; do
  printenv "$name" >/dev/null || fail "$name is not set (it may be empty); inject the pod again"
done


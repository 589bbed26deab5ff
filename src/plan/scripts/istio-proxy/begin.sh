#!/bin/sh
# Starts as root, since Mesos ignores the user of an image; ends as pilot-agent.
set -eu

say() { printf 'istio-proxy: %s\n' "$1" >&2; }
fail() { say "$1"; exit 1; }

for name in MESOS_TASK_ID MARATHON_CONTAINER_ID MESOS_CONTAINER_IP ISTIO_CERTS_DIR \
  ISTIO_CERTS_TIMEOUT ISTIO_PROXY_UID ISTIO_CONFIG_PATH ISTIO_SERVICE_CLUSTER \
  ISTIO_DISCOVERY_ADDRESS ISTIO_DOMAIN ISTIO_CONTROL_PLANE_AUTH_POLICY \
  ISTIO_DRAIN_DURATION ISTIO_PARENT_SHUTDOWN_DURATION ISTIO_CONNECT_TIMEOUT \
  ISTIO_DISCOVERY_REFRESH_DELAY ISTIO_STATUS_PORT; do
  [ -n "$(printenv "$name")" ] || fail "$name is empty or not set; inject the pod again and run it on Mesos"
done


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

# pilot-agent would not wait, and Envoy would start without them.
waited=0
until [ -s "$ISTIO_CERTS_DIR/root-cert.pem" ] && [ -s "$ISTIO_CERTS_DIR/cert-chain.pem" ] &&
  [ -s "$ISTIO_CERTS_DIR/key.pem" ]; do
  [ "$waited" -lt "$ISTIO_CERTS_TIMEOUT" ] ||
    fail "no certificates in $ISTIO_CERTS_DIR after $waited s; see the stderr of istio-init"
  sleep 1
  waited=$((waited + 1))
done

owner=$ISTIO_PROXY_UID:$ISTIO_PROXY_UID
mkdir -p "$ISTIO_CONFIG_PATH"
chown "$owner" "$ISTIO_CONFIG_PATH"
# Envoy opens its access log, /dev/stdout, by name. No redirection here: it would change the target.
chown -f "$owner" /dev/stdout /dev/stderr ||
  say "cannot give /dev/stdout and /dev/stderr to $owner; Envoy may not write its access log"

# <instance>.<container>, and from Marathon 1.8 on <instance>.<container>.<incarnation>.
id=${MESOS_TASK_ID%."$MARATHON_CONTAINER_ID"*}
# chroot changes the uid and then execs: SIGTERM reaches pilot-agent itself.
exec chroot --userspec="$owner" --skip-chdir / \
  pilot-agent proxy sidecar --serviceregistry Mesos \
  --id "$id" --ip "$MESOS_CONTAINER_IP" --domain "$ISTIO_DOMAIN" \
  --serviceCluster "$ISTIO_SERVICE_CLUSTER" \
  --discoveryAddress "$ISTIO_DISCOVERY_ADDRESS" \
  --zipkinAddress "${ISTIO_ZIPKIN_ADDRESS-}" \
  --configPath "$ISTIO_CONFIG_PATH" --binaryPath /usr/local/bin/envoy \
  --drainDuration "$ISTIO_DRAIN_DURATION" \
  --parentShutdownDuration "$ISTIO_PARENT_SHUTDOWN_DURATION" \
  --discoveryRefreshDelay "$ISTIO_DISCOVERY_REFRESH_DELAY" \
  --connectTimeout "$ISTIO_CONNECT_TIMEOUT" \
  --controlPlaneAuthPolicy "$ISTIO_CONTROL_PLANE_AUTH_POLICY" \
  --statusPort "$ISTIO_STATUS_PORT" \
  ${ISTIO_APPLICATION_PORTS:+--applicationPorts "$ISTIO_APPLICATION_PORTS"} \
  ${ISTIO_CONCURRENCY:+--concurrency "$ISTIO_CONCURRENCY"} \
  ${ISTIO_PROXY_LOG_LEVEL:+--proxyLogLevel "$ISTIO_PROXY_LOG_LEVEL"} \
  ${ISTIO_STATSD_UDP_ADDRESS:+--statsdUdpAddress "$ISTIO_STATSD_UDP_ADDRESS"}

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

# The Mesos executor talks to its agent past Envoy; first, or capture would cut it off.
iptables -t nat -I OUTPUT 1 -p tcp -d "$HOST" --dport 5051 -j RETURN ||
  fail "cannot set the rule for the agent $HOST; this container needs root and NET_ADMIN"

set -- -p "$ISTIO_PROXY_PORT" -u "$ISTIO_PROXY_UID" -m "$ISTIO_INBOUND_INTERCEPTION_MODE" \
  -i "$ISTIO_SERVICE_CIDR" -x "${ISTIO_SERVICE_EXCLUDE_CIDR-}" -b "$ISTIO_INBOUND_PORTS"
if [ "$ISTIO_INBOUND_PORTS" = '*' ]; then
  set -- "$@" -d "${ISTIO_LOCAL_EXCLUDE_PORTS-}"
fi
# It is a bash script, and sources files that variables name: the pod's own must not reach it.
exec env -i PATH="$PATH" istio-iptables.sh "$@"

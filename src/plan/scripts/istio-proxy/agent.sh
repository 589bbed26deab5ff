# pilot-agent would not wait, and Envoy would start without what istio-agent hands on.
handed_on() {
  if [ -n "${ISTIO_SDS_SOCKET-}" ]; then
    [ -S "$ISTIO_SDS_SOCKET" ]
  else
    [ -s "$ISTIO_CERTS_DIR/root-cert.pem" ] && [ -s "$ISTIO_CERTS_DIR/cert-chain.pem" ] &&
      [ -s "$ISTIO_CERTS_DIR/key.pem" ]
  fi
}
waited=0
until handed_on; do
  [ "$waited" -lt "$ISTIO_CERTS_TIMEOUT" ] ||
    fail "nothing from istio-agent in $ISTIO_CERTS_DIR after $waited s; see the stderr of istio-agent"
  sleep 1
  waited=$((waited + 1))
done


# pilot-agent would not wait, and Envoy would start without them.
waited=0
until [ -s "$ISTIO_CERTS_DIR/root-cert.pem" ] && [ -s "$ISTIO_CERTS_DIR/cert-chain.pem" ] &&
  [ -s "$ISTIO_CERTS_DIR/key.pem" ]; do
  [ "$waited" -lt "$ISTIO_CERTS_TIMEOUT" ] ||
    fail "no certificates in $ISTIO_CERTS_DIR after $waited s; see the stderr of istio-init"
  sleep 1
  waited=$((waited + 1))
done


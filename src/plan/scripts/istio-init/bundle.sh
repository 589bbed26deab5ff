#!/bin/sh
# Runs once, as root: certificates into the shared volume, then traffic capture.
set -eu
umask 077

fail() {
  printf 'istio-init: %s\n' "$1" >&2
  exit 1
}

needed() {
  for name; do
    [ -n "$(printenv "$name")" ] || fail "$name is empty or not set; inject the pod again and run it on Mesos"
  done
}
needed MESOS_SANDBOX ISTIO_BUNDLE
# The fetched key must not outlive this script in the sandbox, whatever the outcome.
discard() { rm -rf "$MESOS_SANDBOX/certs" "$MESOS_SANDBOX/${ISTIO_BUNDLE:?}"; }
trap discard EXIT
trap 'exit 143' HUP INT TERM

needed HOST ISTIO_CERTS_DIR ISTIO_PROXY_UID ISTIO_PROXY_PORT ISTIO_INBOUND_INTERCEPTION_MODE
for name in ISTIO_SERVICE_CIDR ISTIO_INBOUND_PORTS; do
  printenv "$name" >/dev/null || fail "$name is not set (it may be empty); inject the pod again"
done

check() {
  pem=$MESOS_SANDBOX/certs/$1
  wrong=
  if [ -L "$pem" ]; then wrong="is a symbolic link"
  elif [ ! -e "$pem" ]; then wrong="is missing"
  elif [ ! -f "$pem" ]; then wrong="is not a regular file"
  elif [ ! -r "$pem" ]; then wrong="is not readable"
  elif [ ! -s "$pem" ]; then wrong="is empty"
  elif ! grep -q "^-----BEGIN $2-----" "$pem"; then wrong="holds no PEM $3"
  fi
  [ -z "$wrong" ] || fail "$pem $wrong; rebuild the bundle $ISTIO_BUNDLE"
}
check root-cert.pem CERTIFICATE certificate
check cert-chain.pem CERTIFICATE certificate
check key.pem '[A-Z ]*PRIVATE KEY' 'private key'

# istio-proxy waits for the final names, so these appear whole, and the key last.
for pem in root-cert.pem cert-chain.pem key.pem; do
  new=$ISTIO_CERTS_DIR/.$pem.new
  cp --remove-destination "$MESOS_SANDBOX/certs/$pem" "$new"
  chown "$ISTIO_PROXY_UID:$ISTIO_PROXY_UID" "$new"
  case $pem in key.pem) chmod 0400 "$new" ;; *) chmod 0444 "$new" ;; esac
done
for pem in root-cert.pem cert-chain.pem key.pem; do
  mv -fT "$ISTIO_CERTS_DIR/.$pem.new" "$ISTIO_CERTS_DIR/$pem"
done
discard


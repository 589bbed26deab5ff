#!/bin/bash
# Sends a pod's TCP traffic through Envoy: flags, defaults and chains of Istio 1.0.5's script.
set -e

usage() {
  cat <<USAGE
${0##*/} [clean] [-p PORT] [-u UID] [-g GID] [-m MODE] [-b PORTS] [-d PORTS] [-i CIDRS] [-x CIDRS] [-h]
  clean  only remove the rules
  -p     port of Envoy, \$ENVOY_PORT, 15001
  -u     users whose traffic is not captured: that of \$ENVOY_USER (istio-proxy), and root
  -g     groups whose traffic is not captured: those of -u
  -m     REDIRECT, \$ISTIO_INBOUND_INTERCEPTION_MODE
  -b     ports captured inbound, \$ISTIO_INBOUND_PORTS: a list, * for all, empty for none
  -d     ports not captured inbound, with -b '*' only, \$ISTIO_LOCAL_EXCLUDE_PORTS
  -i     ranges captured outbound, \$ISTIO_SERVICE_CIDR: a list, * for all, empty for none
  -x     ranges not captured outbound, \$ISTIO_SERVICE_EXCLUDE_CIDR
USAGE
}

fail() {
  printf '%s\n' "$1" >&2
  usage >&2
  exit 1
}

nat() { iptables -t nat "$@"; }

# What an earlier run has left, whichever part of it there is.
clean() {
  nat -D PREROUTING -p tcp -j ISTIO_INBOUND
  nat -D OUTPUT -p tcp -j ISTIO_OUTPUT
  for chain in ISTIO_INBOUND ISTIO_OUTPUT ISTIO_REDIRECT; do nat -F "$chain"; done
  for chain in ISTIO_INBOUND ISTIO_OUTPUT ISTIO_REDIRECT; do nat -X "$chain"; done
  ip6tables -F INPUT
}

inbound() {
  [ -n "$inbound_ports" ] || return 0
  nat -N ISTIO_INBOUND
  nat -A PREROUTING -p tcp -j ISTIO_INBOUND
  if [ "$inbound_ports" = '*' ]; then
    for excluded in 22 ${excluded_ports//,/ }; do
      nat -A ISTIO_INBOUND -p tcp --dport "$excluded" -j RETURN
    done
    nat -A ISTIO_INBOUND -p tcp -j ISTIO_REDIRECT
  else
    for captured in ${inbound_ports//,/ }; do
      nat -A ISTIO_INBOUND -p tcp --dport "$captured" -j ISTIO_REDIRECT
    done
  fi
}

outbound() {
  nat -N ISTIO_OUTPUT
  nat -A OUTPUT -p tcp -j ISTIO_OUTPUT
  # A container that calls its own pod by address meets Envoy as any other client does.
  nat -A ISTIO_OUTPUT -o lo ! -d 127.0.0.1/32 -j ISTIO_REDIRECT
  for uid in ${uids//,/ }; do nat -A ISTIO_OUTPUT -m owner --uid-owner "$uid" -j RETURN; done
  for gid in ${gids//,/ }; do nat -A ISTIO_OUTPUT -m owner --gid-owner "$gid" -j RETURN; done
  nat -A ISTIO_OUTPUT -d 127.0.0.1/32 -j RETURN
  for range in ${excluded_ranges//,/ }; do nat -A ISTIO_OUTPUT -d "$range" -j RETURN; done
  if [ "$ranges" = '*' ]; then
    nat -A ISTIO_OUTPUT -j ISTIO_REDIRECT
  elif [ -n "$ranges" ]; then
    for range in ${ranges//,/ }; do nat -A ISTIO_OUTPUT -d "$range" -j ISTIO_REDIRECT; done
    nat -A ISTIO_OUTPUT -j RETURN
  fi
}

# Envoy listens on IPv4 only: nobody may come past it.
no_ipv6() {
  ip6tables -A INPUT -m state --state ESTABLISHED -j ACCEPT
  ip6tables -A INPUT -j REJECT
}

trap iptables-save EXIT

if [ "${1-}" = clean ]; then
  clean 2>/dev/null || true
  exit 0
fi

port=${ENVOY_PORT:-15001}
uids='' gids=''
mode=${ISTIO_INBOUND_INTERCEPTION_MODE-}
inbound_ports=${ISTIO_INBOUND_PORTS-}
excluded_ports=${ISTIO_LOCAL_EXCLUDE_PORTS-}
ranges=${ISTIO_SERVICE_CIDR-}
excluded_ranges=${ISTIO_SERVICE_EXCLUDE_CIDR-}
while getopts :p:u:g:m:b:d:i:x:h option; do
  case $option in
    p) port=$OPTARG ;;
    u) uids=$OPTARG ;;
    g) gids=$OPTARG ;;
    m) mode=$OPTARG ;;
    b) inbound_ports=$OPTARG ;;
    d) excluded_ports=$OPTARG ;;
    i) ranges=$OPTARG ;;
    x) excluded_ranges=$OPTARG ;;
    h) usage; exit 0 ;;
    :) fail "Option -$OPTARG needs a value" ;;
    *) fail "Invalid option: -$OPTARG" ;;
  esac
done
[ "$mode" != TPROXY ] || fail 'TPROXY is not to be had here: this script only redirects'
: "${uids:=$(id -u "${ENVOY_USER:-istio-proxy}" 2>/dev/null || echo 1337),0}"
: "${gids:=$uids}"

# Not under `set -e`: what is not there cannot be removed.
clean 2>/dev/null || true
nat -N ISTIO_REDIRECT
nat -A ISTIO_REDIRECT -p tcp -j REDIRECT --to-port "$port"
inbound
outbound
# Where the kernel has no IPv6, there is nothing to refuse.
[ -n "${ENABLE_INBOUND_IPV6-}" ] || no_ipv6 || true

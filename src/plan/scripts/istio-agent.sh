#!/bin/sh
# Starts as root, since Mesos ignores the user of an image; ends as node-agent.
set -eu
umask 077

fail() {
  printf 'istio-agent: %s\n' "$1" >&2
  exit 1
}

for name in MESOS_SANDBOX MESOS_TASK_ID ISTIO_CERTS_DIR ISTIO_PROXY_UID ISTIO_AGENT_CA_ADDRESS \
  ISTIO_AGENT_CA_SERVER_NAME ISTIO_AGENT_CA_ROOT_SHA256; do
  [ -n "$(printenv "$name")" ] || fail "$name is empty or not set; inject the pod again and run it on Mesos"
done
[ -n "${MESH_JOIN_TOKEN-}" ] ||
  fail "MESH_JOIN_TOKEN is empty or not set; submit the pod with inject submit --join-key"
# An empty variable turns one of the two off; node-agent would take it for a path.
for name in ISTIO_AGENT_SDS_SOCKET ISTIO_AGENT_OUTPUT_DIR; do
  [ -n "$(printenv "$name")" ] || unset "$name"
done

# The artifact, or what the image has.
agent=$MESOS_SANDBOX/node-agent
[ -x "$agent" ] || agent=$(command -v node-agent) ||
  fail "no program node-agent in $MESOS_SANDBOX or $PATH; see the settings agent-uri and agent-image"

owner=$ISTIO_PROXY_UID:$ISTIO_PROXY_UID
export ISTIO_AGENT_STATE_DIR="$MESOS_SANDBOX/agent"
mkdir -p "$ISTIO_AGENT_STATE_DIR"
chown "$owner" "$ISTIO_AGENT_STATE_DIR" "$ISTIO_CERTS_DIR"
chmod 0755 "$ISTIO_CERTS_DIR"
# The sandbox is root's: another user is to come through it, and to see no more of it.
chmod o+x "$MESOS_SANDBOX"

# Not as root: what root sends is captured, by an Envoy that waits for the certificate. chroot
# changes the uid and then execs: SIGTERM reaches node-agent itself.
exec chroot --userspec="$owner" --skip-chdir / "$agent"

#!/bin/sh
# The agent's commands. NODE_EXTRA_CA_CERTS: the system's trust store counts.
# NODE_COMPILE_CACHE: root's commands have it, fetch-key first of all; Node.js keeps one for each user, and the others
# may not write there.
NODE_EXTRA_CA_CERTS=/etc/ssl/certs/ca-certificates.crt
NODE_COMPILE_CACHE=/var/cache/agents-plane
export NODE_EXTRA_CA_CERTS NODE_COMPILE_CACHE
exec /opt/agents-plane/node/bin/node /opt/agents-plane/agent.mjs "$@"

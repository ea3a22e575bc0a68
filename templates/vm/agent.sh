#!/bin/sh
# The agent's commands. NODE_EXTRA_CA_CERTS: the system's trust store counts.
# NODE_COMPILE_CACHE: written by root at the first start; other users only read it.
NODE_EXTRA_CA_CERTS=/etc/ssl/certs/ca-certificates.crt
NODE_COMPILE_CACHE=/var/cache/agents-plane
export NODE_EXTRA_CA_CERTS NODE_COMPILE_CACHE
exec /opt/agents-plane/node/bin/node /opt/agents-plane/agent.mjs "$@"

#!/bin/bash
# What the prototype's startup script does on a plain debian-12 (seeds/000): apt, Node.js, `npm install -g openclaw`
# and the WhatsApp plugin, a configuration, a unit. Everything comes from caches on the machine's own disk, which is
# faster than any mirror. Left out, in its favour: fetch-agent-key.sh, store_key.py, gmail.py, any hardening.
# prototype-image.sh reads this file for `install_openclaw` alone.
set -euo pipefail

PORT=18789

# install_openclaw BIN VERSION: BIN is where npm puts global programs.
install_openclaw() {
  npm install --global --no-audit --no-fund --loglevel=error "openclaw@$2"
  "$1/openclaw" plugins install "@openclaw/whatsapp@$2"
}

# The same settings as ours where they decide how long a start takes (templates/vm/openclaw.json).
configure() {
  local config=$HOME/.openclaw/openclaw.json
  mkdir -p "$HOME/.openclaw"
  [[ -f $config ]] || echo '{}' >"$config"
  jq --argjson port "$PORT" '. * {
    gateway: {mode: "local", port: $port, bind: "loopback", auth: {mode: "token", token: "prototype"}},
    models: {catalogRefresh: {enabled: false}},
    channels: {whatsapp: {enabled: true, dmPolicy: "allowlist", allowFrom: ["+15551234567"]}},
    plugins: {allow: ["anthropic", "memory-core", "whatsapp"], entries: {whatsapp: {enabled: true}}},
    memory: {search: {enabled: false}}, update: {checkOnStart: false, auto: {enabled: false}},
    telemetry: {enabled: false}, discovery: {mdns: {mode: "off"}}, logging: {level: "warn"}
  }' "$config" >"$config.new"
  mv "$config.new" "$config"
}

start() {
  cat >/etc/systemd/system/openclaw-gateway.service <<UNIT
[Unit]
Description=OpenClaw gateway
[Service]
Environment=HOME=$HOME
ExecStart=/usr/local/bin/openclaw gateway
Restart=always
UNIT
  systemctl daemon-reload
  systemctl start openclaw-gateway
}

if [[ ${BASH_SOURCE[0]} == "$0" ]]; then
  export DEBIAN_FRONTEND=noninteractive HOME=/root
  apt-get -qq update
  apt-get -qq --yes --no-install-recommends install jq
  tar --extract --gzip --file /srv/node.tar.gz --directory /usr/local --strip-components=1
  install_openclaw /usr/local/bin "$(cat /srv/openclaw-version)"
  configure
  start
fi

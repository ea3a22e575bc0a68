#!/bin/bash
# Startup script of the VM that becomes the image: a plain debian-12 fetches the kit that build.sh
# uploaded, installs it, says so in guest attribute agents-plane/image, and turns itself off.
set -euo pipefail

readonly METADATA=http://metadata.google.internal/computeMetadata/v1/instance
readonly KIT=/var/tmp/agents-plane-kit

metadata() {
  curl --silent --fail --show-error --retry 8 --retry-connrefused --max-time 20 --header 'Metadata-Flavor: Google' "$METADATA/$1"
}
# finish WORD: says it and turns the machine off, not before build.sh, which looks every 10 s or so, has read it.
finish() {
  curl --silent --fail --retry 8 --retry-connrefused --output /dev/null --max-time 20 --request PUT --header 'Metadata-Flavor: Google' \
    --data-binary "$1" "$METADATA/guest-attributes/agents-plane/image" || true
  sleep 45
  poweroff
}
trap 'finish failed' ERR

object=$(metadata attributes/agents-plane-kit)
bucket=${object#gs://}
path=${bucket#*/}
bucket=${bucket%%/*}
token=$(metadata service-accounts/default/token | sed -n 's/.*"access_token" *: *"\([^"]*\)".*/\1/p')
mkdir -p "$KIT"
printf 'header = "Authorization: Bearer %s"\n' "$token" |
  curl --config - --silent --fail --show-error --location --retry 5 --output "$KIT.tar.gz" \
    "https://storage.googleapis.com/storage/v1/b/$bucket/o/${path//\//%2F}?alt=media"
echo "$(metadata attributes/agents-plane-kit-sha256)  $KIT.tar.gz" | sha256sum --check --quiet
tar --extract --gzip --file "$KIT.tar.gz" --directory "$KIT"

export DEBIAN_FRONTEND=noninteractive
# Google's images have google-guest-agent from Google's own repository: what is there stays.
mapfile -t packages < <(awk '!/^#/ && NF { print $1 }' "$KIT/image/packages.txt" "$KIT/image/gce/packages.txt")
apt-get update -qq
apt-get install -y -qq --no-install-recommends "${packages[@]}"
"$KIT/image/overlay.sh" / "$KIT/openclaw"
systemd-tmpfiles --create agents-plane.conf
install -D -m 0644 "$KIT/image/gce/console.conf" /etc/systemd/journald.conf.d/agents-plane.conf

# Nothing of this boot goes into the image: no host key, no log, no kit. Each machine makes its own id at its
# first boot; an empty file is how systemd wants that.
: >/etc/machine-id
rm -rf "$KIT" "$KIT.tar.gz" /etc/ssh/ssh_host_* /var/lib/apt/lists/* /var/log/journal/*
finish ok

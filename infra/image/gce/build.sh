#!/usr/bin/env bash
# Builds the Compute Engine image family agents-plane: a step of scripts/setup.sh, which sets the
# variables. Needs Linux on x86_64 (Cloud Shell will do), gcloud, npm.
#   build.sh PROJECT REGION
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=scripts/setup/lib.sh
. "$ROOT/scripts/setup/lib.sh"
PROJECT=$1
region=$2
builder=agents-plane-image-builder
# Half a minute of apt and copying on this machine type; the rest is boot.
tries=90

[ "$(uname -sm)" = 'Linux x86_64' ] || stop "the image is built on Linux x86_64 (use Cloud Shell), not $(uname -sm)"

say "  Node.js, OpenClaw and WhatsApp, as locked"
"$here/../openclaw.sh" "$WORK/kit/openclaw" >&2
cp -R "$here/.." "$WORK/kit/image"
kit=$WORK/kit.tar.gz
tar --create --gzip --file "$kit" --directory "$WORK/kit" image openclaw
sum=$(sha256sum "$kit" | cut -d ' ' -f 1)
name=agents-plane-$(date -u +%Y%m%d)-${sum:0:8}
gc storage cp "$kit" "gs://$BUCKET/image/kit-${sum:0:16}.tar.gz"

# Of a run that was stopped: it may hold half an image.
look compute instances delete "$builder" --zone="$ZONE" >/dev/null || [ $? = 1 ]
say "  a VM installs it ($builder)"
gc compute instances create "$builder" --zone="$ZONE" --machine-type=e2-standard-2 \
  --image-family=debian-12 --image-project=debian-cloud --boot-disk-size=10GB --boot-disk-type=pd-ssd \
  --subnet="projects/$PROJECT/regions/$region/subnetworks/agents-plane" --no-address --shielded-secure-boot \
  --service-account="$BUILD_ACCOUNT" --scopes=storage-ro --labels=managed-by=agents-plane \
  --metadata="enable-guest-attributes=TRUE,agents-plane-kit=gs://$BUCKET/image/kit-${sum:0:16}.tar.gz,agents-plane-kit-sha256=$sum" \
  --metadata-from-file="startup-script=$here/startup.sh" >/dev/null
# What it said first counts: guest attributes may be gone once it is off.
result=''
until is TERMINATED compute instances describe "$builder" --zone="$ZONE" --format='value(status)'; do
  [ -n "$result" ] || result=$(look compute instances get-guest-attributes "$builder" --zone="$ZONE" \
    --query-path=agents-plane/image --format='value(value)') || true
  tries=$((tries - 1))
  [ "$tries" -gt 0 ] || stop "$builder has not finished in 15 minutes: look at its serial console, then run this again"
  sleep 10
done
# Off without a word: half an image would boot agents that never get ready.
[ "$result" = ok ] ||
  stop "$builder did not install the image (it said: ${result:-nothing}): look at its serial console, then run this again"

gc compute images create "$name" --family=agents-plane --source-disk="$builder" --source-disk-zone="$ZONE" \
  --labels=managed-by=agents-plane >/dev/null
gc compute instances delete "$builder" --zone="$ZONE" >/dev/null
say "  image $name"

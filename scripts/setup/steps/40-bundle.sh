# Builds what is deployed, and puts the VM's program where VMs fetch it, under its hash.
# shellcheck shell=bash

title() { echo "Upload the VM bundle"; }
advice() { echo "The bucket is gs://$BUCKET; you need roles/storage.objectAdmin on it."; }

check() {
  [ -f "$ROOT/dist/vm/agent.mjs.sha256" ] || return 1
  look storage objects describe "gs://$BUCKET/$(tool bundle-object)" --format='value(name)' >/dev/null
}

apply() {
  (cd "$ROOT" && node scripts/build.ts)
  gc storage cp "$ROOT/dist/vm/agent.mjs" "gs://$BUCKET/$(tool bundle-object)"
}

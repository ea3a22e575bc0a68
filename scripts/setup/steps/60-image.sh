# What VMs boot from: the image of infra/image, or plain Debian 12, which installs at its first boot.
# shellcheck shell=bash

title() { echo "Find the VM image"; }
advice() { echo "Build it with infra/image/gce/build.sh, or set image = \"debian-12\" in the settings."; }

check() {
  [ "$IMAGE" != "$PLANE_IMAGE" ] && return 0
  look compute images describe-from-family "$IMAGE_FAMILY" --format='value(name)' >/dev/null
}

apply() {
  "$ROOT/infra/image/gce/build.sh" "$PROJECT" "$REGION"
}

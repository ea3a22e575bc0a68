# What VMs boot from: the image that the settings name, or that of infra/image, built when there is none.
# shellcheck shell=bash

title() { echo "Find the VM image"; }
advice() { echo "Build it with infra/image/gce/build.sh, or name an image in the settings."; }

check() {
  [ "$IMAGE" != "$PLANE_IMAGE" ] && return 0
  look compute images describe-from-family "$IMAGE_FAMILY" --format='value(name)' >/dev/null
}

apply() {
  "$ROOT/infra/image/gce/build.sh" "$PROJECT" "$REGION"
}

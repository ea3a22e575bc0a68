# A project that holds agents besides the plane's own: what is linked here is infra/'s, the same file.
# The plane's side of it (who reads the bundle, who calls function `vm`) is infra/'s `cells`.
variable "plane_account" {
  type        = string
  description = "Address of the plane's service account."
}

locals {
  plane = "serviceAccount:${var.plane_account}"
}

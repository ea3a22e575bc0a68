# The bundle that VMs run, under the hash of its content, and the agents' encrypted WhatsApp state.
resource "google_storage_bucket" "plane" {
  name                        = "${var.project}-agents-plane"
  location                    = var.region
  uniform_bucket_level_access = true
  public_access_prevention    = "enforced"
  force_destroy               = true
  labels                      = { "managed-by" = "agents-plane" }

  # What is replaced or deleted can be had back for a month.
  versioning {
    enabled = true
  }

  soft_delete_policy {
    retention_duration_seconds = 2592000
  }

  lifecycle_rule {
    action {
      type = "Delete"
    }
    condition {
      days_since_noncurrent_time = 30
      with_state                 = "ARCHIVED"
    }
  }

  dynamic "encryption" {
    for_each = google_kms_crypto_key.plane
    content {
      default_kms_key_name = encryption.value.id
    }
  }

  depends_on = [google_kms_crypto_key_iam_member.storage]
}

# At its start a VM reads the bundle that its metadata names, and checks its hash. It reads nothing
# else here: the other objects are agents' backups, and no agent's business but the plane's.
resource "google_storage_bucket_iam_member" "accounts_read_the_bundle" {
  bucket = google_storage_bucket.plane.name
  role   = "roles/storage.objectViewer"
  member = local.all_accounts

  condition {
    title      = "bundles"
    expression = "resource.name.startsWith(\"projects/_/buckets/${google_storage_bucket.plane.name}/objects/vm/\")"
  }
}

# So do the VMs of the other projects that hold agents.
resource "google_storage_bucket_iam_member" "cells_read_the_bundle" {
  for_each = toset(local.cells)
  bucket   = google_storage_bucket.plane.name
  role     = "roles/storage.objectViewer"
  member   = "principalSet://cloudresourcemanager.googleapis.com/projects/${each.value}/type/ServiceAccount"

  condition {
    title      = "bundles"
    expression = "resource.name.startsWith(\"projects/_/buckets/${google_storage_bucket.plane.name}/objects/vm/\")"
  }
}

# The plane keeps the agents' encrypted WhatsApp credentials. Replacing an object takes deleting it.
resource "google_storage_bucket_iam_member" "plane_keeps_backups" {
  bucket = google_storage_bucket.plane.name
  role   = google_project_iam_custom_role.keeper.name
  member = google_service_account.plane.member
}

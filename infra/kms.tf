# Optional: Google encrypts everything anyway. A key of one's own can be taken away from Google.
# Key rings and keys cannot be deleted: teardown destroys what they encrypt with, and leaves them.
resource "google_kms_key_ring" "plane" {
  count    = var.kms ? 1 : 0
  name     = "agents-plane${local.again}"
  location = var.region
}

resource "google_kms_crypto_key" "plane" {
  count           = var.kms ? 1 : 0
  name            = "agents-plane"
  key_ring        = google_kms_key_ring.plane[0].id
  rotation_period = "7776000s"
}

# Cloud Storage's own account in the project, which a fresh one has not: it is made by being asked for.
data "google_storage_project_service_account" "this" {
  count = var.kms ? 1 : 0
}

resource "google_kms_crypto_key_iam_member" "storage" {
  count         = var.kms ? 1 : 0
  crypto_key_id = google_kms_crypto_key.plane[0].id
  role          = "roles/cloudkms.cryptoKeyEncrypterDecrypter"
  member        = data.google_storage_project_service_account.this[0].member
}

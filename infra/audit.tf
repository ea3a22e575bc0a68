# Our functions' structured lines and every admin change, kept in one place for an audit.
resource "google_logging_project_bucket_config" "audit" {
  project        = var.project
  location       = var.region
  bucket_id      = "agents-plane-audit"
  retention_days = var.audit_days
}

# Google writes down every change by itself, and reads only where it is asked to. Of reads the refused
# ones matter; there is no setting for these alone, so what the plane reads all day is left out, and the
# bucket keeps errors.
resource "google_project_iam_audit_config" "reads" {
  for_each = toset(["secretmanager.googleapis.com", "iam.googleapis.com", "cloudresourcemanager.googleapis.com", "storage.googleapis.com", "compute.googleapis.com"])
  project  = var.project
  service  = each.value

  audit_log_config {
    log_type         = "ADMIN_READ"
    exempted_members = [local.plane]
  }

  audit_log_config {
    log_type = "DATA_READ"
  }

  audit_log_config {
    log_type = "DATA_WRITE"
  }
}

# Not what is written: VMs write there all day.
resource "google_project_iam_audit_config" "log_reads" {
  project = var.project
  service = "logging.googleapis.com"

  audit_log_config {
    log_type = "DATA_READ"
  }
}

resource "google_logging_project_sink" "audit" {
  name                   = "agents-plane-audit"
  destination            = "logging.googleapis.com/${google_logging_project_bucket_config.audit.id}"
  filter                 = "resource.labels.service_name=~\"^agents-plane-\" OR logName:\"cloudaudit.googleapis.com%2Factivity\" OR (logName:\"cloudaudit.googleapis.com%2Fdata_access\" AND severity>=ERROR)"
  unique_writer_identity = true
}

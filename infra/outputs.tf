# What setup tells the functions.
output "plane_account" {
  value = google_service_account.plane.email
}

output "plane_client_id" {
  value = google_service_account.plane.unique_id
}

output "scheduler_account" {
  value = google_service_account.scheduler.email
}

output "build_account" {
  value = google_service_account.build.name
}

output "bucket" {
  value = google_storage_bucket.plane.name
}

output "subnetwork" {
  value = google_compute_subnetwork.agents.id
}

output "queue" {
  value = google_cloud_tasks_queue.bulk.id
}

output "tasks_account" {
  value = google_service_account.tasks.email
}

# What setup itself asks for.
output "signer_role" {
  value = google_project_iam_custom_role.signer.name
}

output "audit_bucket" {
  value = google_logging_project_bucket_config.audit.bucket_id
}

# Bulk work is spread here, below Google's quotas of 20 instance inserts a second and project.
resource "google_cloud_tasks_queue" "bulk" {
  name     = "agents-plane-bulk"
  location = var.region

  rate_limits {
    max_dispatches_per_second = 5
    max_concurrent_dispatches = 10
  }

  retry_config {
    max_attempts  = 10
    min_backoff   = "5s"
    max_backoff   = "600s"
    max_doublings = 7
  }
}

# Asks the plane for its description every five minutes: alerts.tf fires when it does not answer.
resource "google_cloud_scheduler_job" "watch" {
  count       = local.deployed ? 1 : 0
  name        = "agents-plane-watch"
  region      = var.region
  description = "Is the plane there?"
  schedule    = "*/5 * * * *"
  time_zone   = "Etc/UTC"

  http_target {
    http_method = "GET"
    uri         = "${var.api_url}/v1/openapi.json"

    oidc_token {
      service_account_email = google_service_account.watch.email
      audience              = var.api_url
    }
  }

  retry_config {
    retry_count = 2
  }
}

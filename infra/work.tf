# Bulk work is spread here, a little below Google's tightest quota: a provision takes 7 reads and 6 writes of
# Secret Manager, of each of which a project has 600 a minute (docs/decisions/091, npm run bench:fleet). With
# cells, an eighth read asks for room; they are filled one after the other, so one rate is right for all (094).
resource "google_cloud_tasks_queue" "bulk" {
  name     = var.generation == 1 ? "agents-plane-bulk" : "agents-plane-bulk-${var.generation}"
  location = var.region

  rate_limits {
    max_dispatches_per_second = var.cells == "" ? 1.3 : 1.2
    max_concurrent_dispatches = 10
  }

  retry_config {
    max_attempts  = 10
    min_backoff   = "5s"
    max_backoff   = "600s"
    max_doublings = 7
  }
}

# The plane puts tasks in and counts them; the tasks carry an ID token of an account of their own.
resource "google_cloud_tasks_queue_iam_member" "plane_enqueues" {
  name     = google_cloud_tasks_queue.bulk.name
  location = var.region
  role     = google_project_iam_custom_role.enqueuer.name
  member   = google_service_account.plane.member
}

resource "google_service_account_iam_member" "plane_sends_as_tasks" {
  service_account_id = google_service_account.tasks.name
  role               = "roles/iam.serviceAccountUser"
  member             = google_service_account.plane.member
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

# Brings every agent back to what was asked for: who stopped a VM, edited IAM, detached a disk (docs/decisions/084, 085).
resource "google_cloud_scheduler_job" "reconcile" {
  count            = local.deployed ? 1 : 0
  name             = "agents-plane-reconcile"
  region           = var.region
  description      = "All agents as they were asked for"
  schedule         = "17 * * * *"
  time_zone        = "Etc/UTC"
  attempt_deadline = "60s"

  http_target {
    http_method = "POST"
    uri         = "${var.api_url}/v1/reconcile/begin"

    oidc_token {
      service_account_email = google_service_account.scheduler.email
      audience              = var.api_url
    }
  }

  retry_config {
    retry_count = 2
  }
}

# Workspace -> agents: who is switched on, changed, suspended or gone (docs/decisions/100).
resource "google_cloud_scheduler_job" "sync" {
  count            = local.synced ? 1 : 0
  name             = "agents-plane-sync"
  region           = var.region
  description      = "Who has an agent, as the Workspace Directory says"
  schedule         = "*/5 * * * *"
  time_zone        = "Etc/UTC"
  attempt_deadline = "120s"

  http_target {
    http_method = "POST"
    uri         = "${var.api_url}/v1/sync"

    oidc_token {
      service_account_email = google_service_account.scheduler.email
      audience              = var.api_url
    }
  }

  # The next one comes in five minutes anyway, and sees what this one left.
  retry_config {
    retry_count = 0
  }
}

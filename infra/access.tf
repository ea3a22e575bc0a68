# Who may call which function. Cloud Run asks before our code runs; the code asks again.
locals {
  functions = jsondecode(file("${path.module}/functions.json"))
  deployed  = var.api_url != ""
  synced    = local.deployed ? var.sync : false
  admins    = var.admins == "" ? [] : split(",", var.admins)
  viewers   = var.viewers == "" ? [] : split(",", var.viewers)
  cells     = var.cells == "" ? [] : split(",", var.cells)
}

resource "google_cloud_run_v2_service_iam_member" "people_call_api" {
  for_each = local.deployed ? toset(concat(local.admins, local.viewers)) : toset([])
  location = var.region
  name     = local.functions.api.service
  role     = "roles/run.invoker"
  member   = "user:${each.value}"
}

resource "google_cloud_run_v2_service_iam_member" "watch_calls_api" {
  count    = local.deployed ? 1 : 0
  location = var.region
  name     = local.functions.api.service
  role     = "roles/run.invoker"
  member   = google_service_account.watch.member
}

resource "google_cloud_run_v2_service_iam_member" "tasks_call_api" {
  count    = local.deployed ? 1 : 0
  location = var.region
  name     = local.functions.api.service
  role     = "roles/run.invoker"
  member   = google_service_account.tasks.member
}

# The code lets it call what is scheduled, and nothing else (functions/http/auth/scheduler.ts).
resource "google_cloud_run_v2_service_iam_member" "scheduler_calls_api" {
  count    = local.deployed ? 1 : 0
  location = var.region
  name     = local.functions.api.service
  role     = "roles/run.invoker"
  member   = google_service_account.scheduler.member
}

# An agent's VM proves who it is to the code, with its instance identity token.
resource "google_cloud_run_v2_service_iam_member" "agents_call_vm" {
  count    = local.deployed ? 1 : 0
  location = var.region
  name     = local.functions.vm.service
  role     = "roles/run.invoker"
  member   = local.all_accounts
}

# So do those of the other projects that hold agents.
resource "google_cloud_run_v2_service_iam_member" "cells_call_vm" {
  for_each = local.deployed ? toset(local.cells) : toset([])
  location = var.region
  name     = local.functions.vm.service
  role     = "roles/run.invoker"
  member   = "principalSet://cloudresourcemanager.googleapis.com/projects/${each.value}/type/ServiceAccount"
}

# Function `pages` is for everybody, and no binding says so: an organisation that shares with its own domain alone (the
# default of those made since 2024) refuses allUsers. Setup switches off Cloud Run's question who calls, for this
# one service (docs/decisions/071). An owner opens the pairing page from a mail, on a phone, signed in to nothing.
# What protects it is the link: signed, for one agent, until a time, dead when it is used (functions/core/pairing-link.ts).
# Meta posts the webhooks of business numbers there, too: what protects those is its signature, made with
# the number's own app secret, without which nothing is queued (functions/service/webhook.ts).

# The audit lines of `agents-plane audit`, and no other log of the project. What the bucket of infra/audit.tf keeps
# is read through its view alone. https://cloud.google.com/logging/docs/logs-views
resource "google_project_iam_member" "plane_reads_audit" {
  project = var.project
  role    = "roles/logging.viewAccessor"
  member  = local.plane

  condition {
    title      = "the audit log"
    expression = "resource.name.endsWith(\"/buckets/${google_logging_project_bucket_config.audit.bucket_id}/views/_AllLogs\")"
  }
}

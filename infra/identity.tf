locals {
  plane         = google_service_account.plane.member
  signer_role   = jsondecode(file("${path.module}/roles/signer.json"))
  keeper_role   = jsondecode(file("${path.module}/roles/keeper.json"))
  enqueuer_role = jsondecode(file("${path.module}/roles/enqueuer.json"))
}

resource "google_service_account" "plane" {
  account_id   = "agents-plane"
  display_name = "Agents Plane"
  description  = "What the functions run as."
}

resource "google_service_account" "build" {
  account_id   = "agents-plane-build"
  display_name = "Agents Plane: builds"
  description  = "What Cloud Build runs as when the functions are deployed."
}

resource "google_service_account" "watch" {
  account_id   = "agents-plane-watch"
  display_name = "Agents Plane: watch"
  description  = "What Cloud Scheduler asks the plane as, whether it is there."
}

resource "google_service_account" "tasks" {
  account_id   = "agents-plane-tasks"
  display_name = "Agents Plane: tasks"
  description  = "What Cloud Tasks brings bulk work to the plane as. It may do nothing else."
}

resource "google_service_account" "scheduler" {
  account_id   = "agents-plane-scheduler"
  display_name = "Agents Plane: scheduler"
  description  = "What Cloud Scheduler calls the plane's scheduled routes as. It may do nothing else."
}

# The plane signs its own delegation to Gmail: no key file, and no other account's signature.
resource "google_project_iam_custom_role" "signer" {
  role_id     = "agentsPlaneSigner${local.again}"
  title       = local.signer_role.title
  description = local.signer_role.description
  permissions = local.signer_role.permissions
}

resource "google_service_account_iam_member" "plane_signs_as_itself" {
  service_account_id = google_service_account.plane.name
  role               = google_project_iam_custom_role.signer.name
  member             = google_service_account.plane.member
}

# Objects of the plane's own bucket, and of no other (storage.tf).
resource "google_project_iam_custom_role" "keeper" {
  role_id     = "agentsPlaneKeeper${local.again}"
  title       = local.keeper_role.title
  description = local.keeper_role.description
  permissions = local.keeper_role.permissions
}

# Tasks of the plane's own queue, and of no other (work.tf).
resource "google_project_iam_custom_role" "enqueuer" {
  role_id     = "agentsPlaneEnqueuer${local.again}"
  title       = local.enqueuer_role.title
  description = local.enqueuer_role.description
  permissions = local.enqueuer_role.permissions
}

# https://cloud.google.com/functions/docs/securing/build-custom-sa
resource "google_project_iam_member" "build" {
  for_each = toset(["roles/artifactregistry.writer", "roles/storage.objectViewer"])
  project  = var.project
  role     = each.value
  member   = google_service_account.build.member
}

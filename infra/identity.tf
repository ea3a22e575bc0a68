locals {
  # Every service account of the project: each agent has one, and none needs a binding of its own here.
  # https://cloud.google.com/iam/docs/principal-identifiers
  all_accounts  = "principalSet://cloudresourcemanager.googleapis.com/projects/${data.google_project.this.number}/type/ServiceAccount"
  plane_role    = jsondecode(file("${path.module}/roles/plane.json"))
  fleet_role    = jsondecode(file("${path.module}/roles/fleet.json"))
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

# What the code calls, recorded from a life of an agent: test/functions/role.test.ts.
resource "google_project_iam_custom_role" "plane" {
  role_id     = "agentsPlane"
  title       = local.plane_role.title
  description = local.plane_role.description
  permissions = local.plane_role.permissions
}

resource "google_project_iam_member" "plane" {
  project = var.project
  role    = google_project_iam_custom_role.plane.name
  member  = google_service_account.plane.member
}

resource "google_project_iam_custom_role" "fleet" {
  role_id     = "agentsPlaneFleet"
  title       = local.fleet_role.title
  description = local.fleet_role.description
  permissions = local.fleet_role.permissions
}

# Other people's secrets, VMs and disks in the same project are out of the plane's reach, by their names:
# conditions cannot ask for labels. https://cloud.google.com/iam/docs/conditions-resource-attributes
resource "google_project_iam_member" "plane_and_its_fleet" {
  project = var.project
  role    = google_project_iam_custom_role.fleet.name
  member  = google_service_account.plane.member

  condition {
    title = "names of the fleet"
    expression = join(" || ", [
      "resource.name.startsWith(\"projects/${data.google_project.this.number}/secrets/agent-\")",
      "resource.name.startsWith(\"projects/${data.google_project.this.number}/secrets/agents-plane-\")",
      "resource.name.extract(\"/instances/{name}\").startsWith(\"agent-\")",
      "resource.name.extract(\"/disks/{name}\").startsWith(\"agent-\")",
    ])
  }
}

# The plane signs its own delegation to Gmail: no key file, and no other account's signature.
resource "google_project_iam_custom_role" "signer" {
  role_id     = "agentsPlaneSigner"
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
  role_id     = "agentsPlaneKeeper"
  title       = local.keeper_role.title
  description = local.keeper_role.description
  permissions = local.keeper_role.permissions
}

# Tasks of the plane's own queue, and of no other (work.tf).
resource "google_project_iam_custom_role" "enqueuer" {
  role_id     = "agentsPlaneEnqueuer"
  title       = local.enqueuer_role.title
  description = local.enqueuer_role.description
  permissions = local.enqueuer_role.permissions
}

resource "google_project_iam_member" "accounts_write_logs" {
  project = var.project
  role    = "roles/logging.logWriter"
  member  = local.all_accounts
}

# https://cloud.google.com/functions/docs/securing/build-custom-sa
resource "google_project_iam_member" "build" {
  for_each = toset(["roles/artifactregistry.writer", "roles/storage.objectViewer"])
  project  = var.project
  role     = each.value
  member   = google_service_account.build.member
}

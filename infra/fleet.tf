# What the plane's account may do in a project that holds agents, and what the agents may: the same in the
# plane's own project and in each cell (infra/cell, docs/decisions/094). local.plane is that account.
locals {
  # Every service account of the project: each agent has one, and none needs a binding of its own here.
  # https://cloud.google.com/iam/docs/principal-identifiers
  all_accounts = "principalSet://cloudresourcemanager.googleapis.com/projects/${data.google_project.this.number}/type/ServiceAccount"
  plane_role   = jsondecode(file("${path.module}/roles/plane.json"))
  fleet_role   = jsondecode(file("${path.module}/roles/fleet.json"))
}

# What the code calls, recorded from a life of an agent: test/functions/role.test.ts.
resource "google_project_iam_custom_role" "plane" {
  role_id     = "agentsPlane${local.again}"
  title       = local.plane_role.title
  description = local.plane_role.description
  permissions = local.plane_role.permissions
}

resource "google_project_iam_member" "plane" {
  project = var.project
  role    = google_project_iam_custom_role.plane.name
  member  = local.plane
}

resource "google_project_iam_custom_role" "fleet" {
  role_id     = "agentsPlaneFleet${local.again}"
  title       = local.fleet_role.title
  description = local.fleet_role.description
  permissions = local.fleet_role.permissions
}

# Other people's secrets, VMs and disks in the same project are out of the plane's reach, by their names:
# conditions cannot ask for labels. https://cloud.google.com/iam/docs/conditions-resource-attributes
resource "google_project_iam_member" "plane_and_its_fleet" {
  project = var.project
  role    = google_project_iam_custom_role.fleet.name
  member  = local.plane

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

resource "google_project_iam_member" "accounts_write_logs" {
  project = var.project
  role    = "roles/logging.logWriter"
  member  = local.all_accounts
}

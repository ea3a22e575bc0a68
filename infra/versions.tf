# Applied by Google's Infrastructure Manager (docs/decisions/070). 1.5.7 is the newest Terraform that costs nothing
# there; setup asks for exactly this one, as the newest is taken otherwise.
terraform {
  required_version = "= 1.5.7"
  required_providers {
    google = {
      source  = "hashicorp/google"
      version = "~> 6.50"
    }
  }
}

provider "google" {
  project = var.project
  region  = var.region
}

data "google_project" "this" {
  project_id = var.project
}

# Of every project that holds agents. Scalars alone: `gcloud infra-manager` takes no others.
variable "project" {
  type        = string
  description = "Id of the project."
}

variable "region" {
  type        = string
  description = "Of the functions, the subnet, the bucket and the agents' zone."
}

variable "subnet_range" {
  type        = string
  default     = "10.128.0.0/18"
  description = "Addresses of the agents' VMs: 16 380."
}

variable "alert_email" {
  type        = string
  default     = ""
  description = "Who is mailed when an alert fires. Empty: alerts show in the console alone."
}

variable "audit_days" {
  type        = number
  default     = 365
  description = "Days that the audit log is kept."
}

variable "generation" {
  type        = number
  default     = 1
  description = "Counts the planes that this project has had. Google keeps some names after a teardown, a queue's for days, a role's for weeks, a key ring's for ever: those carry this number from 2 on."
}

locals {
  again = var.generation == 1 ? "" : "_${var.generation}"
}

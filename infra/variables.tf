# Scalars alone: `gcloud infra-manager` takes no others. Lists are comma lists.
variable "project" {
  type        = string
  description = "Id of the project that holds the plane and its agents."
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

variable "admins" {
  type        = string
  default     = ""
  description = "Comma list of addresses that may provision."
}

variable "viewers" {
  type        = string
  default     = ""
  description = "Comma list of addresses that may look."
}

variable "api_url" {
  type        = string
  default     = ""
  description = "URL of function agents-plane-api. Empty until the functions are deployed: who may call them can only be said then."
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

variable "billing_account" {
  type        = string
  default     = ""
  description = "Billing account (000000-000000-000000) of the budget alert. Empty: no budget alert."
}

variable "budget_usd" {
  type        = number
  default     = 500
  description = "Monthly cost of the whole project in USD, at which the budget alert mails."
}

variable "kms" {
  type        = bool
  default     = false
  description = "Encrypt the bucket with a key of the project's own instead of Google's."
}

variable "sync" {
  type        = bool
  default     = false
  description = "Ask the plane every five minutes to follow the Workspace Directory."
}

# Of the plane's own project. Lists are comma lists.
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

variable "billing_account" {
  type        = string
  default     = ""
  description = "Billing account (000000-000000-000000) of the budget alert. Empty: no budget alert."
}

variable "budget_usd" {
  type        = number
  default     = 500
  description = "Monthly cost of the whole project, in the currency of the billing account, at which the budget alert mails."
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

variable "cells" {
  type        = string
  default     = ""
  description = "Comma list of the numbers of the other projects that hold agents (infra/cell)."
}

# Spend: what the projects of the plane and its agents cost. Each agent's own budget for its model is the plane's matter.
resource "google_billing_budget" "project" {
  count           = var.billing_account == "" ? 0 : 1
  billing_account = var.billing_account
  display_name    = "Agents Plane ${var.project}"

  budget_filter {
    projects = concat(["projects/${data.google_project.this.number}"], formatlist("projects/%s", local.cells))
  }

  amount {
    # In the currency of the billing account, which Google fills in: any other is refused.
    specified_amount {
      units = var.budget_usd
    }
  }

  threshold_rules {
    threshold_percent = 0.5
  }
  threshold_rules {
    threshold_percent = 1
  }
  threshold_rules {
    threshold_percent = 1
    spend_basis       = "FORECASTED_SPEND"
  }

  # Without a channel Google mails the billing administrators.
  dynamic "all_updates_rule" {
    for_each = var.alert_email == "" ? [] : ["channels"]
    content {
      monitoring_notification_channels = local.channels
    }
  }
}

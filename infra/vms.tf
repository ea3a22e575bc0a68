# Agents' VMs are watched in the project that they are in.
locals {
  channels = google_monitoring_notification_channel.admins[*].id
}

resource "google_monitoring_notification_channel" "admins" {
  count        = var.alert_email == "" ? 0 : 1
  display_name = "Agents Plane"
  type         = "email"
  labels       = { email_address = var.alert_email }
}

resource "google_monitoring_alert_policy" "vm_silent" {
  display_name          = "Agents Plane: a VM is silent"
  combiner              = "OR"
  notification_channels = local.channels

  conditions {
    display_name = "An agent's VM reported no uptime for 10 minutes"
    condition_absent {
      filter   = "resource.type = \"gce_instance\" AND metric.type = \"compute.googleapis.com/instance/uptime\" AND metadata.user_labels.\"managed-by\" = \"agents-plane\""
      duration = "600s"
      aggregations {
        alignment_period   = "60s"
        per_series_aligner = "ALIGN_RATE"
      }
    }
  }

  documentation {
    content = "`./scripts/agents-plane list` shows which. A provision request for its owner starts a VM that was stopped and rebuilds one that is gone, on its own data disk. Stopped on purpose? Silence this alert for that VM."
  }
}

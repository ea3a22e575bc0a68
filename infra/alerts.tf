# An alert on a metric made of logs is refused until Google knows that metric, up to ten minutes after it was made
# (https://github.com/hashicorp/terraform-provider-google/issues/11102). The metrics come with the first apply, these
# alerts with the one that follows the functions.
resource "google_monitoring_alert_policy" "plane_down" {
  count                 = local.deployed ? 1 : 0
  display_name          = "Agents Plane: the plane does not answer"
  combiner              = "OR"
  notification_channels = local.channels

  conditions {
    display_name = "A function answered with an internal error"
    condition_threshold {
      filter          = "resource.type = \"cloud_run_revision\" AND metric.type = \"logging.googleapis.com/user/${google_logging_metric.function_errors.name}\""
      comparison      = "COMPARISON_GT"
      threshold_value = 0
      duration        = "0s"
      aggregations {
        alignment_period   = "300s"
        per_series_aligner = "ALIGN_DELTA"
      }
    }
  }

  conditions {
    display_name = "Cloud Scheduler had no answer from the plane for 15 minutes"
    condition_threshold {
      filter          = "resource.type = \"cloud_scheduler_job\" AND metric.type = \"logging.googleapis.com/log_entry_count\" AND metric.labels.severity = \"ERROR\""
      comparison      = "COMPARISON_GT"
      threshold_value = 2
      duration        = "0s"
      aggregations {
        alignment_period   = "900s"
        per_series_aligner = "ALIGN_DELTA"
      }
    }
  }

  documentation {
    content = "The audit log (bucket agents-plane-audit) has the error under its requestId. Agents go on talking to their owners without the plane."
  }
}

resource "google_monitoring_alert_policy" "pairing_needed" {
  count                 = local.deployed ? 1 : 0
  display_name          = "Agents Plane: an agent is not linked to WhatsApp"
  combiner              = "OR"
  notification_channels = local.channels

  conditions {
    display_name = "A link was lost, or a code was mailed"
    condition_threshold {
      filter          = "resource.type = \"cloud_run_revision\" AND metric.type = \"logging.googleapis.com/user/${google_logging_metric.pairing_needed.name}\""
      comparison      = "COMPARISON_GT"
      threshold_value = 0
      duration        = "0s"
      aggregations {
        alignment_period   = "300s"
        per_series_aligner = "ALIGN_DELTA"
      }
    }
  }

  documentation {
    content = "`./scripts/agents-plane list` shows whose (`waiting`, `logged out`). The owner has the pairing link in the mail; in dedicated mode the admin links the number."
  }
}

resource "google_monitoring_alert_policy" "channel_down" {
  count                 = local.deployed ? 1 : 0
  display_name          = "Agents Plane: an agent hears nothing"
  combiner              = "OR"
  notification_channels = local.channels

  conditions {
    display_name = "A WhatsApp channel has been deaf for 15 minutes"
    condition_threshold {
      filter          = "resource.type = \"cloud_run_revision\" AND metric.type = \"logging.googleapis.com/user/${google_logging_metric.channel_down.name}\""
      comparison      = "COMPARISON_GT"
      threshold_value = 0
      duration        = "0s"
      aggregations {
        alignment_period   = "300s"
        per_series_aligner = "ALIGN_DELTA"
      }
    }
  }

  documentation {
    content = "`./scripts/agents-plane list` shows whose (`deaf`). The VM goes on trying, and says when it hears again. Many at once: WhatsApp or the network is down. One alone: `./scripts/agents-plane restart` it; a business number (`cloud-api`, `kapso`) has a token or key that is refused, more often than not: renew it with `./scripts/agents-plane whatsapp connect`."
  }
}

resource "google_monitoring_alert_policy" "dead_letters" {
  display_name          = "Agents Plane: work was given up"
  combiner              = "OR"
  notification_channels = local.channels

  conditions {
    display_name = "A task failed again and again"
    condition_threshold {
      # Google documents the label and none of its values: "ok" is seen, and "OK" and 200 would be no failure either.
      filter          = "resource.type = \"cloud_tasks_queue\" AND resource.labels.queue_id = \"${google_cloud_tasks_queue.bulk.name}\" AND metric.type = \"cloudtasks.googleapis.com/queue/task_attempt_count\" AND metric.labels.response_code != monitoring.regex.full_match(\"(?i)(ok|2..)\")"
      comparison      = "COMPARISON_GT"
      threshold_value = 10
      duration        = "0s"
      aggregations {
        alignment_period   = "600s"
        per_series_aligner = "ALIGN_DELTA"
      }
    }
  }

  documentation {
    content = "A task is tried ten times in about half an hour and then dropped. The function's log says why; send the same provision request again."
  }
}

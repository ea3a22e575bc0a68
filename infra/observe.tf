# A link was lost, or a code was mailed: functions/http/vm/pairing.ts says when.
resource "google_logging_metric" "pairing_needed" {
  name   = "agents-plane-pairing-needed"
  filter = "resource.labels.service_name=\"agents-plane-vm\" AND jsonPayload.event=\"pairing-needed\""

  metric_descriptor {
    metric_kind = "DELTA"
    value_type  = "INT64"
  }
}

# A channel hears nothing for a quarter of an hour: vm-bootstrap/core/channel-watch.ts counts it.
resource "google_logging_metric" "channel_down" {
  name   = "agents-plane-channel-down"
  filter = "resource.labels.service_name=\"agents-plane-vm\" AND jsonPayload.event=\"channel-down\""

  metric_descriptor {
    metric_kind = "DELTA"
    value_type  = "INT64"
  }
}

resource "google_logging_metric" "function_errors" {
  name   = "agents-plane-function-errors"
  filter = "resource.labels.service_name=~\"^agents-plane-\" AND severity>=ERROR"

  metric_descriptor {
    metric_kind = "DELTA"
    value_type  = "INT64"
  }
}

resource "google_monitoring_dashboard" "fleet" {
  dashboard_json = file("${path.module}/dashboard.json")
}

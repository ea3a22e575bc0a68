# The smaller number wins; at equal numbers a deny wins over an allow. So every deny below has a
# number of its own, and the two catch-alls come last, before Google's implied rules at 65535.
# The metadata server (and through it DNS and time) is always reachable, whatever stands here.
# test/infra/firewall.test.ts asks these rules who reaches whom.

resource "google_compute_firewall" "ssh_from_iap" {
  name          = "agents-plane-ssh-from-iap"
  description   = "Admins reach VMs through Identity-Aware Proxy alone, which asks IAM first."
  network       = google_compute_network.agents.id
  direction     = "INGRESS"
  priority      = 1000
  source_ranges = ["35.235.240.0/20"]

  allow {
    protocol = "tcp"
    ports    = ["22"]
  }
}

resource "google_compute_firewall" "deny_ingress" {
  name          = "agents-plane-deny-ingress"
  description   = "Nobody else reaches a VM, another VM least of all."
  network       = google_compute_network.agents.id
  direction     = "INGRESS"
  priority      = 65000
  source_ranges = ["0.0.0.0/0"]

  deny {
    protocol = "all"
  }
}

resource "google_compute_firewall" "deny_vm_to_vm" {
  name               = "agents-plane-deny-vm-to-vm"
  description        = "Before HTTPS is allowed: an agent never talks to another agent's VM."
  network            = google_compute_network.agents.id
  direction          = "EGRESS"
  priority           = 900
  destination_ranges = [var.subnet_range]

  deny {
    protocol = "all"
  }
}

resource "google_compute_firewall" "https_out" {
  name               = "agents-plane-https-out"
  description        = "Google's APIs, the models, WhatsApp and other channels: all of them HTTPS."
  network            = google_compute_network.agents.id
  direction          = "EGRESS"
  priority           = 1000
  destination_ranges = ["0.0.0.0/0"]

  allow {
    protocol = "tcp"
    ports    = ["443"]
  }
}

resource "google_compute_firewall" "deny_egress" {
  name               = "agents-plane-deny-egress"
  description        = "No mail servers, no scans, nothing but HTTPS."
  network            = google_compute_network.agents.id
  direction          = "EGRESS"
  priority           = 65000
  destination_ranges = ["0.0.0.0/0"]

  deny {
    protocol = "all"
  }
}

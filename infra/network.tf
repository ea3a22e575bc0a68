# One network for all agents: no external addresses, the way out is Cloud NAT.
resource "google_compute_network" "agents" {
  name                    = "agents-plane"
  auto_create_subnetworks = false
  # The way out to NAT and to Google; firewall.tf says what may take it.
  delete_default_routes_on_create = false
}

resource "google_compute_subnetwork" "agents" {
  name                     = "agents-plane"
  region                   = var.region
  network                  = google_compute_network.agents.id
  ip_cidr_range            = var.subnet_range
  private_ip_google_access = true
}

resource "google_compute_router" "agents" {
  name    = "agents-plane"
  region  = var.region
  network = google_compute_network.agents.id
}

# A NAT address has 64 512 ports: at 64 a VM, 1008 VMs share one, and Google adds addresses as VMs come.
# An agent holds a handful of connections (WhatsApp, model, mail); bursts may take up to 1024.
resource "google_compute_router_nat" "agents" {
  name                                = "agents-plane"
  router                              = google_compute_router.agents.name
  region                              = var.region
  nat_ip_allocate_option              = "AUTO_ONLY"
  source_subnetwork_ip_ranges_to_nat  = "LIST_OF_SUBNETWORKS"
  enable_dynamic_port_allocation      = true
  enable_endpoint_independent_mapping = false
  min_ports_per_vm                    = 64
  max_ports_per_vm                    = 1024

  subnetwork {
    name                    = google_compute_subnetwork.agents.id
    source_ip_ranges_to_nat = ["ALL_IP_RANGES"]
  }

  log_config {
    enable = true
    filter = "ERRORS_ONLY"
  }
}

"""The running org: its sessions, the requests it received, and its faults."""

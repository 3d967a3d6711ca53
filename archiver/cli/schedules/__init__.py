"""Scheduled validation: what systemd, cron, Kubernetes and GitHub read, written from one job."""

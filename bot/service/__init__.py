"""What the web process of the service is made of: settings, intake, logs, metrics, status page."""

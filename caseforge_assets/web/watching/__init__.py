"""What programs watch the service by: whether it lives, whether it can work, and figures. People have reports and alerts."""

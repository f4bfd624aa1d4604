"""Finds what is wrong, delivers alerts, and acknowledges them. The rules are in `alerts`, sending to people is in `notifications`."""

"""What is wrong: looked for, delivered, acknowledged. The rules are in `alerts`, sending to people is in `notifications`."""

"""What would be asked for, for which nodes, why, and at what cost. Nothing here is sent; consent is in `approving`."""

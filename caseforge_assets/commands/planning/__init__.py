"""What would be asked for, why, and at what cost. Where nodes stand is `surveying`; consent is in `approving`; nothing here is sent."""

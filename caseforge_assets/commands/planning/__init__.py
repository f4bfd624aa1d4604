"""Plans requests: which, why, and at what cost. Where nodes stand is `surveying`; consent is in `approving`; nothing here is sent."""

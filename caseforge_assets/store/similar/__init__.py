"""Groups of candidates that tell the same idea, and their words, as they are stored and shown. How ideas are told apart is `caseforge_assets.similar`."""

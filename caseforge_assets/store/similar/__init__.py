"""Which candidates tell the same idea: their words and groups, as they are stored and shown. How ideas are told apart is `caseforge_assets.similar`."""

"""Dagster's shell: assets, jobs, sensors, resources. `private` alone imports what Dagster is made of."""

import warnings

from dagster import BetaWarning

# Parts of Dagster that are beta are used with the release that is pinned; a person who starts it need not read of each.
warnings.filterwarnings("ignore", category=BetaWarning)

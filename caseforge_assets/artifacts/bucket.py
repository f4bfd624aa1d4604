"""A bucket by its address, of whatever kind fsspec knows."""

from __future__ import annotations

from upath import UPath

from caseforge_assets.artifacts.artifact import ArtifactsUnavailable

_EXTRAS = {"s3": "s3", "gs": "gcs", "gcs": "gcs"}


def open_bucket(address: str) -> UPath:
    """A place in a bucket. Other processes write there, too: what a listing said once is not kept.

    Raises:
        ArtifactsUnavailable: a package is needed for it that is not installed.
    """
    try:
        return UPath(address, use_listings_cache=False)
    except ImportError as error:
        scheme = address.partition("://")[0]
        extra = _EXTRAS.get(scheme)
        advice = f"install it with: pip install 'caseforge-assets[{extra}]'" if extra else f"install what fsspec needs for {scheme}://"
        raise ArtifactsUnavailable(f"artifacts in {scheme}:// need a package that is not installed; {advice}") from error

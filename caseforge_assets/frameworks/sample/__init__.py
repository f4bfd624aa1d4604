"""A small framework of our own, a maker and servicer of e-bikes, to try things with. Data and its place, nothing else."""

from pathlib import Path


def sample_path() -> Path:
    """Gives the path of the sample framework, a CSV file with code, id, name and description."""
    return Path(__file__).with_name("sample.csv")

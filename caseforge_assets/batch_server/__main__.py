"""``python -m caseforge_assets.batch_server``: the server as a process of its own."""

from __future__ import annotations

import argparse
import logging
import sys
from pathlib import Path

from caseforge_assets.batch_server import LIKENESSES, FaultSpecError, PortTakenError, StateDirInUseError, describe_faults, run_server


def main() -> int:
    """Read the options and serve.

    Returns:
        The exit code: 0 after a signal, 2 if the server can't start.
    """
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    try:
        run_server(**vars(_parser().parse_args()))
    except (FaultSpecError, PortTakenError, StateDirInUseError, ValueError) as error:
        sys.stderr.write(f"{error}\n")
        return 2
    return 0


def _parser() -> argparse.ArgumentParser:
    faults = "\n".join(f"  {name}\n      {what}" for name, what in describe_faults())
    parser = argparse.ArgumentParser(
        prog="python -m caseforge_assets.batch_server",
        description="A local server that speaks OpenAI's Batch API. Its answers are simulated unless --upstream is given.",
        epilog=f"faults, with their options; rate, match, batch, attempts or call choose what they hit:\n{faults}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (%(default)s)")
    parser.add_argument("--port", type=int, default=8484, help="port to listen on, 0 for any free one (%(default)s)")
    parser.add_argument("--state-dir", type=Path, required=True, help="folder for everything the server has to remember")
    parser.add_argument("--latency", type=float, default=2.0, dest="latency_s", help="how long a batch takes, in seconds (%(default)s)")
    parser.add_argument(
        "--time-scale", type=float, default=1.0, help="how fast its clock runs; 1440 makes a day pass in a minute (%(default)s)"
    )
    parser.add_argument(
        "--fault", action="append", default=[], dest="faults", metavar="SPEC", help="a fault, such as truncate:rate=0.05; repeatable"
    )
    parser.add_argument(
        "--like", choices=list(LIKENESSES), default="openai", help="the provider whose peculiarities are imitated (%(default)s)"
    )
    parser.add_argument(
        "--model",
        action="append",
        default=[],
        dest="models",
        metavar="NAME[=MODEL]",
        help="a model (at Azure: a deployment) that is taken, and the model behind it; repeatable, any without it",
    )
    parser.add_argument("--managed-files", action="store_true", help="with --like litellm: uploads have to name target_model_names")
    parser.add_argument("--upstream", help="base URL of an OpenAI-compatible server that answers; its key is taken from UPSTREAM_API_KEY")
    parser.add_argument("--upstream-concurrency", type=int, default=8, help="how many requests it is sent at once (%(default)s)")
    return parser


if __name__ == "__main__":
    sys.exit(main())

"""How long from an empty folder to the first profile, as a newcomer would have it.

    python -m benchmarks.first_profile --runs 3

Clones this repository into an empty folder and runs `make demo`: the environment from
the package registries (pip's cache as it is), then the start until the API answers
with a profile.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

REPOSITORY = Path(__file__).parents[1]


def main() -> None:
    """Run and print the figures as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=3)
    options = parser.parse_args()
    runs = [_run() for _ in range(options.runs)]
    figures = {
        name: {
            "median": round(statistics.median(run[name] for run in runs), 1),
            "runs": [round(run[name], 1) for run in runs],
        }
        for name in runs[0]
    }
    json.dump(figures, sys.stdout, indent=2)


def _run() -> dict[str, float]:
    with tempfile.TemporaryDirectory() as folder:
        clone = Path(folder) / "couture"
        subprocess.run(["git", "clone", "-q", REPOSITORY, clone], check=True)
        started = time.monotonic()
        _make(clone, ".venv/.installed")
        installed = time.monotonic() - started
        arguments = "--duration 5 --no-screen --report report.json"
        _make(clone, "demo", f"DEMO_ARGS={arguments}")
        report = json.loads((clone / "report.json").read_text())
    return {
        "install_s": installed,
        "start_to_first_profile_s": report["first_profile_s"],
        "empty_folder_to_first_profile_s": installed + report["first_profile_s"],
    }


def _make(clone: Path, *arguments: str) -> None:
    subprocess.run(
        ["make", "-s", *arguments], cwd=clone, check=True, stdout=subprocess.DEVNULL
    )


if __name__ == "__main__":
    main()

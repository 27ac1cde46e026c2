"""Train the shipped model: `python -m matching.training.train_shipped people.parquet`.

The people come from `python -m service.demo.population.people --people 40000
--seed 11 --out people.parquet`: French, simulated, none of them real.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from matching.features.file_records import CANONICAL, read_rows
from matching.model.model_version import SHIPPED
from matching.training.train import train_features

NOT_IN_THE_FILE = {"region", "national_id"}
DESCRIPTION = (
    "French retail. Trained on simulated people: "
    "python -m service.demo.population.people "
    "--people 40000 --seed 11 --out people.parquet && "
    "python -m matching.training.train_shipped people.parquet"
)


def main() -> None:
    """Read simulated people, train by the recipe, write the shipped bundle."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("people", type=Path)
    parser.add_argument(
        "--out", type=Path, default=Path(__file__).parent.parent / "models" / SHIPPED
    )
    arguments = parser.parse_args()
    columns = {field: field for field in CANONICAL if field not in NOT_IN_THE_FILE}
    rows = read_rows([arguments.people], columns)
    model = train_features(
        [row.features for row in rows],
        name=SHIPPED.partition(".")[0],
        description=DESCRIPTION,
    )
    arguments.out.write_bytes(model.to_bytes())


if __name__ == "__main__":
    main()

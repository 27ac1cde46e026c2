"""What is installed is what is committed."""

from __future__ import annotations

import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

from tests.repository.repository import ROOMS, ROOT, tracked


def test_the_wheel_holds_every_file_of_the_four_rooms(tmp_path: Path) -> None:
    copy = tmp_path / "couture"
    for file in tracked():
        (copy / file).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(ROOT / file, copy / file)
    built = subprocess.run(
        [
            *(sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps"),
            *("--no-build-isolation", "--wheel-dir", str(tmp_path), str(copy)),
        ],
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert built.returncode == 0, built.stderr
    (wheel,) = tmp_path.glob("*.whl")

    shipped = set(zipfile.ZipFile(wheel).namelist())
    committed = {str(file) for file in tracked() if file.parts[0] in ROOMS}
    assert sorted(committed - shipped) == []

"""What is shipped is whole: a wheel installed somewhere else creates its database, loads its data and serves."""

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from hatchling.builders.wheel import WheelBuilder

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dist")
    subprocess.run(
        [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder), str(ROOT)],
        check=True,
        capture_output=True,
    )
    return next(folder.glob("*.whl"))


def test_the_wheel_holds_templates_migrations_seed_data_and_assets(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    for name in (
        "everyseat.py",
        "catalogue/shipped/templates/base.html",
        "catalogue/shipped/migrations/env.py",
        "catalogue/shipped/seed/frameworks/healthcare-leadership-model.toml",
        "catalogue/static/everyseat.css",
        "catalogue/static/nhsuk/nhsuk-frontend.min.css",
        "lti/practice/app.py",
    ):
        assert name in names
    assert not [name for name in names if name.startswith(("tests/", "bench/", "instance/")) or ".sqlite" in name]


def test_an_editable_install_copies_nothing(tmp_path: Path) -> None:
    """A copy would be what is imported, and would grow old."""
    built = WheelBuilder(str(ROOT)).build(directory=str(tmp_path), versions=["editable"])
    names = zipfile.ZipFile(next(iter(built))).namelist()
    assert {name for name in names if ".dist-info/" not in name} == {"_everyseat.pth"}


def test_an_installed_wheel_serves(wheel: Path, tmp_path: Path) -> None:
    site = tmp_path / "site"
    subprocess.run(
        [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target", str(site), str(wheel)],
        check=True,
        capture_output=True,
    )
    environment = os.environ | {
        "PYTHONPATH": str(site),
        "EVERYSEAT_ENV": "development",
        "EVERYSEAT_INSTANCE": str(tmp_path / "instance"),
    }

    def run(*words: str) -> str:
        done = subprocess.run(
            [sys.executable, *words], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    assert str(site) in run("-c", "import everyseat; print(everyseat.__file__)")
    run("-m", "everyseat", "db", "upgrade")
    assert "44 systems" in run("-m", "everyseat", "seed")
    answer = run(
        "-c",
        "from everyseat import create_app; client = create_app().test_client();"
        "print(client.get('/offers').status_code, client.get('/static/nhsuk/nhsuk-frontend.min.css').status_code)",
    )
    assert answer.split()[-2:] == ["200", "200"]

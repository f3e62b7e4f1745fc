"""What a container is given: mounts, and the network that its URLs need."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import make_url

from prisml.commands.backend.mounts import Mount, merged
from prisml.commands.backend.network import network_for
from prisml.errors import TrainingEnvironmentError

PART = st.text(st.characters(codec="utf-8", exclude_characters="/\0\r\n"), min_size=1).filter(lambda part: part not in (".", ".."))
FOLDERS = st.lists(st.sampled_from("abc"), min_size=1, max_size=3).map(lambda parts: Path("/srv", *parts))
MOUNTS = st.lists(st.builds(Mount, FOLDERS, st.booleans()), max_size=8)


@given(st.lists(PART, min_size=1, max_size=3), st.booleans())
def test_a_mount_is_one_line_of_csv_whatever_the_folder_is_called(parts: list[str], writable: bool):
    """Read as Docker reads it, as a record of CSV, the option has the folder twice, and nothing that a name smuggled in."""
    folder = Path("/", *parts)
    (record,) = csv.reader([Mount(folder, writable).option()])
    assert record == ["type=bind", f"source={folder}", f"target={folder}", *([] if writable else ["readonly"])]


def writable_at(mounts: tuple[Mount, ...], folder: Path) -> bool | None:
    """Whether the folder can be written, by the innermost mount that it is in; None where it is in none."""
    around = [mount for mount in mounts if folder.is_relative_to(mount.folder)]
    return max(around, key=lambda mount: len(mount.folder.parts)).writable if around else None


@given(MOUNTS)
def test_merged_mounts_say_of_each_folder_what_the_mounts_said(mounts: list[Mount]):
    """No folder is mounted twice, an outer one comes first, and each can be written where one of its own mounts said so and no other."""
    found = merged(mounts)
    assert len({mount.folder for mount in found}) == len(found)
    assert all(later.folder not in earlier.folder.parents for place, later in enumerate(found) for earlier in found[:place])
    for folder in {mount.folder for mount in mounts}:
        assert writable_at(found, folder) == any(mount.writable for mount in mounts if mount.folder == folder)


@pytest.mark.parametrize("folder", ["/", "/run", "/usr", "/usr/local", "/usr/local/lib", "/etc"])
def test_a_folder_that_the_image_needs_is_not_mounted(folder: str):
    """A folder that would hide the image's own is refused; one within is not."""
    with pytest.raises(TrainingEnvironmentError, match="its image needs its own"):
        merged([Mount(Path(folder))])
    assert merged([Mount(Path(folder, "project"))])


@pytest.mark.parametrize(
    ("urls", "network"),
    [
        (["sqlite:///a.db", "sqlite:///b.db"], "none"),
        (["sqlite:///a.db", "postgresql+psycopg://db.example.org/x"], None),
        (["mysql+pymysql://ann@db/x", "postgresql://127.8.9.1/x"], "host"),
        (["postgresql+psycopg://ann@/x?host=a.example.org:5432&host=localhost:5433"], "host"),
        (["postgresql+psycopg://ann@/x?host=a.example.org,b.example.org"], None),
        (["postgresql://[::1]:5432/x"], "host"),
        (["postgresql://app.localhost./x"], "host"),
        (["postgresql://0.0.0.0/x"], "host"),
    ],
)
def test_the_network_is_the_least_that_reaches_every_server(urls: list[str], network: str | None):
    """None for files, this machine's own for its own servers alone, and the engine's usual one for all others."""
    assert network_for(map(make_url, urls)) == network


@pytest.mark.parametrize(
    "url", ["postgresql+psycopg:///x", "postgresql:///x?host=/run/postgresql", "mysql+pymysql://ann@db/x?unix_socket=/run/mysqld.sock"]
)
def test_a_socket_is_out_of_reach(url: str):
    """A URL that means a socket of this machine is refused with the way out."""
    with pytest.raises(TrainingEnvironmentError, match=r"names no host.*Name the host"):
        network_for([make_url(url)])

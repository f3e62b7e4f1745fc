"""Archives: their bytes, and what is refused before anything is written."""

from __future__ import annotations

import io
import json
import stat
import warnings
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from prisml.errors import ArtifactError, ConfigurationError, ModelNotFoundError, VersionNotFoundError
from prisml.registry import Registry, export, import_, read_bundle
from prisml.registry.archive import ARCHIVE_FORMAT, INDEX_FILE, read_index
from prisml.registry.container import LARGEST
from tests.artifacts import make_artifact

REPORT = '{"report":"of Zoë 🦊"}'
Change = Callable[[dict[str, bytes]], dict[str, bytes]]


@pytest.fixture(scope="session")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An archive of two models, as a file: a report, labels, a deleted version, a rollback, an experiment that runs."""
    folder = tmp_path_factory.mktemp("archive")
    registry = Registry(f"sqlite:///{folder / 'registry.db'}")
    for number in range(4):
        registry.publish(
            make_artifact(bias=float(number), report=REPORT if number == 0 else None),
            author="ada",
            why="Zoë 🦊",
            label=f"r{number}",
            note="a\nnote",
            commit="9f3ab2c",
        )
    registry.rollback("churn", why="worse", author="grace")
    registry.delete("churn", 2, author="ada")
    registry.experiments.start("churn", {3: 0.9, 4: 0.1}, forced={"vip": 4}, author="ada")
    registry.publish(make_artifact("ltv", task="regression"), author="ada", activate=False)
    export(registry, folder / "whole.prisml")
    return folder / "whole.prisml"


@pytest.fixture
def empty(tmp_path: Path) -> Registry:
    """A registry that is not there yet."""
    return Registry(f"sqlite:///{tmp_path / 'target.db'}")


def members(archive: Path) -> dict[str, bytes]:
    """What is in the archive, in order."""
    with zipfile.ZipFile(archive) as opened:
        return {name: opened.read(name) for name in opened.namelist()}


def written(place: Path, content: dict[str, bytes], compression: int = zipfile.ZIP_STORED) -> Path:
    """An archive of those members."""
    with zipfile.ZipFile(place, "w", compression) as archive:
        for name, data in content.items():
            archive.writestr(name, data)
    return place


def with_index(change: Callable[[dict], object]) -> Change:
    """What changes the archive's index as JSON."""

    def changed(content: dict[str, bytes]) -> dict[str, bytes]:
        index = json.loads(content[INDEX_FILE])
        change(index)
        return content | {INDEX_FILE: json.dumps(index).encode()}

    return changed


def churn(index: dict) -> dict:
    """What the index says of the model churn."""
    (model,) = [model for model in index["models"] if model["name"] == "churn"]
    return model


def try_version_2(experiment: dict) -> None:
    """Let the experiment's treatment be the version that is deleted."""
    experiment["variants"][1].update(version=2, name="v2")
    experiment["forced"] = {}


def test_a_file_has_nothing_of_this_machine_or_moment(whole: Path, tmp_path: Path, empty: Registry):
    """Exported again after an import elsewhere, the file has the same bytes: no date, no user, no place, nothing compressed."""
    import_(empty, whole)
    export(empty, tmp_path / "again.prisml")
    assert (tmp_path / "again.prisml").read_bytes() == whole.read_bytes()
    with zipfile.ZipFile(whole) as archive:
        for info in archive.infolist():
            assert (info.date_time, info.compress_type, info.create_system) == ((1980, 1, 1, 0, 0, 0), zipfile.ZIP_STORED, 3)
            assert stat.S_IMODE(info.external_attr >> 16) == 0o644


def test_a_folder_holds_the_same_as_a_file(whole: Path, tmp_path: Path, empty: Registry):
    """A folder has the members of the file, byte for byte, each living version being a bundle by itself, and is imported the same."""
    import_(empty, whole)
    export(empty, tmp_path / "folder")
    files = {path.relative_to(tmp_path / "folder").as_posix(): path.read_bytes() for path in (tmp_path / "folder").rglob("*.*")}
    assert files == members(whole)
    for version in empty.versions("churn"):
        assert read_bundle(tmp_path / "folder" / "versions" / version.digest) == empty.artifact("churn", version.number)
    other = Registry(f"sqlite:///{tmp_path / 'other.db'}")
    import_(other, tmp_path / "folder")
    export(other, tmp_path / "again.prisml")
    assert (tmp_path / "again.prisml").read_bytes() == whole.read_bytes()


def test_a_folder_that_is_exported_to_again_holds_the_newest_state_alone(tmp_path: Path, empty: Registry):
    """What a version left in the folder goes with it, and what is not an archive's stays."""
    first = empty.publish(make_artifact())
    empty.publish(make_artifact(bias=1.0))
    export(empty, tmp_path / "folder")
    (tmp_path / "folder" / "README.md").write_text("ours")
    (tmp_path / "folder" / "versions" / first.digest / "report.html").write_text("ours")
    empty.delete("churn", 1)
    export(empty, tmp_path / "folder")
    kept = sorted(path.name for path in (tmp_path / "folder" / "versions" / first.digest).iterdir())
    assert kept == ["report.html"]
    assert (tmp_path / "folder" / "README.md").read_text() == "ours"
    other = Registry(f"sqlite:///{tmp_path / 'other.db'}")
    assert [each.version.number for each in import_(other, tmp_path / "folder")] == [2]


def test_one_model_is_exported_and_imported_by_name(whole: Path, tmp_path: Path, empty: Registry):
    """Of an archive one model can be imported, and of a registry one exported; an unknown name is refused with those there are."""
    import_(empty, whole, name="ltv")
    assert empty.names() == ("ltv",)
    with pytest.raises(ModelNotFoundError, match=r"no model 'chrn'. It has 'churn', 'ltv'."):
        import_(empty, whole, name="chrn")
    import_(empty, whole, name="churn")
    export(empty, tmp_path / "one.prisml", name="churn")
    assert [model["name"] for model in json.loads(members(tmp_path / "one.prisml")[INDEX_FILE])["models"]] == ["churn"]
    with pytest.raises(ModelNotFoundError, match="no model 'chrn'"):
        export(empty, tmp_path / "none.prisml", name="chrn")
    assert not (tmp_path / "none.prisml").exists()


def test_a_version_becomes_a_bundle(tmp_path: Path, empty: Registry):
    """One version, by number or label, is written as the folder that ``prisml.load`` reads."""
    empty.publish(make_artifact(), label="first")
    empty.publish(make_artifact(bias=1.0))
    done = export(empty, tmp_path / "bundle", name="churn", which="first")
    assert (done.is_bundle, [version.number for version in done.versions]) == (True, [1])
    assert read_bundle(tmp_path / "bundle") == make_artifact()
    with pytest.raises(VersionNotFoundError):
        export(empty, tmp_path / "bundle", name="churn", which=3)


def test_what_cannot_be_written_is_refused_with_the_way_out(tmp_path: Path, empty: Registry):
    """A version without a model, a version as a file, an archive over a bundle or a folder, and an empty registry are refused."""
    with pytest.raises(ModelNotFoundError, match="is empty"):
        export(empty, tmp_path / "a.prisml")
    empty.publish(make_artifact())
    with pytest.raises(ConfigurationError, match="none is named"):
        export(empty, tmp_path / "bundle", which=1)
    with pytest.raises(ConfigurationError, match="Name a folder, or leave out the version"):
        export(empty, tmp_path / "one.prisml", name="churn", which=1)
    export(empty, tmp_path / "bundle", name="churn", which=1)
    with pytest.raises(ConfigurationError, match="is a bundle already"):
        export(empty, tmp_path / "bundle")
    export(empty, tmp_path / "archive")
    with pytest.raises(ConfigurationError, match="is an archive already"):
        export(empty, tmp_path / "archive", name="churn", which=1)
    (tmp_path / "folder.prisml").mkdir()
    with pytest.raises(ConfigurationError, match="is a folder already"):
        export(empty, tmp_path / "folder.prisml")
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigurationError, match=r"cannot be written to .*Name a place you may write to"):
        export(empty, tmp_path / "file" / "a.prisml")


def test_a_file_that_was_not_finished_is_not_there(whole: Path, tmp_path: Path, empty: Registry):
    """Where writing fails half way, what stood there before stands there still, and no part is left behind."""
    import_(empty, whole)
    place = tmp_path / "there.prisml"
    place.write_bytes(b"before")
    with empty.database.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE prisml_blobs SET data = x'00' WHERE position = 0 AND length(data) < 400")
    with pytest.raises(ArtifactError, match="damaged in the registry"):
        export(empty, place)
    assert place.read_bytes() == b"before"
    assert sorted(path.name for path in tmp_path.iterdir() if "prisml" in path.name) == ["there.prisml"]


REFUSED: dict[str, tuple[Change, str]] = {
    "a path that climbs": (lambda content: content | {"../evil": b"x"}, "a member that no archive has"),
    "an absolute path": (lambda content: content | {"/etc/evil": b"x"}, "a member that no archive has"),
    "a path of Windows": (lambda content: content | {"C:\\evil": b"x"}, "a member that no archive has"),
    "a path that climbs from within": (lambda content: content | {"versions/../../evil/model.onnx": b"x"}, "a member that no archive has"),
    "a folder": (lambda content: content | {"versions/": b""}, "a member that no archive has"),
    "a version nobody names": (lambda content: content | {f"versions/{'a' * 64}/model.onnx": b"x"}, "which archive.json does not name"),
    "no index": (lambda content: {name: data for name, data in content.items() if name != INDEX_FILE}, "archive.json is missing"),
    "no graph": (lambda content: {name: data for name, data in content.items() if "onnx" not in name}, "model.onnx is missing"),
    "no report": (lambda content: {name: data for name, data in content.items() if "report" not in name}, "report.json is missing"),
    "another report": (
        lambda content: {name: data + b"x" * ("report" in name) for name, data in content.items()},
        "The report of 'churn' is damaged: its SHA-256",
    ),
    "a report that is not UTF-8": (
        lambda content: {name: b"\xff" if "report" in name else data for name, data in content.items()},
        "The report of 'churn' is not UTF-8",
    ),
    "a report that the index does not name": (
        with_index(lambda index: churn(index)["versions"][0].update(report_sha256=None)),
        "which archive.json does not name",
    ),
    "another report than the manifest's": (
        with_index(lambda index: churn(index)["versions"][0].update(report_sha256="0" * 64)),
        "names another report of 'churn' version 1 than its manifest",
    ),
    "another graph": (lambda content: {name: data + b"x" * ("onnx" in name) for name, data in content.items()}, "SHA-256"),
    "another manifest": (
        lambda content: {name: data.replace(b'"seed":42', b'"seed":43') for name, data in content.items()},
        "is that of another version",
    ),
    "a manifest that is not UTF-8": (
        lambda content: {name: b"\xff" if name.endswith("manifest.json") else data for name, data in content.items()},
        "is not UTF-8",
    ),
    "an index that is no JSON": (lambda content: content | {INDEX_FILE: b"\xff{"}, "is not a JSON object"),
    "an index that is a list": (lambda content: content | {INDEX_FILE: b"[1]"}, "is not a JSON object"),
    "an index too deep": (lambda content: content | {INDEX_FILE: b"[" * 100_000}, "is not a JSON object"),
    "a newer format": (with_index(lambda index: index.update(format=3)), "has format 3; this release reads up to 2. Upgrade prisml"),
    "a format before the first": (with_index(lambda index: index.update(format=0)), "has format 0; this release reads up to 2"),
    "no format": (with_index(lambda index: index.pop("format")), "has format of type NoneType"),
    "a key of a newer release": (with_index(lambda index: index.update(extra=1)), "is damaged at extra"),
    "no model": (with_index(lambda index: index.update(models=[])), "is damaged at models"),
    "a model twice": (with_index(lambda index: index["models"].append(churn(index))), "names the same model twice"),
    "a number twice": (with_index(lambda index: churn(index)["versions"][1].update(number=1)), "names the same version number twice"),
    "a number of zero": (
        with_index(lambda index: churn(index)["versions"][0].update(number=0)),
        "is damaged at models.0.versions.0.number",
    ),
    "a number no database holds": (with_index(lambda index: churn(index)["versions"][3].update(number=2**31)), "is damaged at"),
    "versions out of order": (with_index(lambda index: churn(index)["versions"].reverse()), "versions out of order"),
    "a digest twice": (
        with_index(lambda index: churn(index)["versions"][1].update(digest=churn(index)["versions"][0]["digest"])),
        "names the same digest twice",
    ),
    "a label twice": (with_index(lambda index: churn(index)["versions"][2].update(label="r0")), "names the same label twice"),
    "a label that is a number": (
        with_index(lambda index: churn(index)["versions"][2].update(label="7")),
        "a label or a commit that none can",
    ),
    "a name with a space": (with_index(lambda index: churn(index).update(name="churn ")), "under no proper name"),
    "another model's versions": (with_index(lambda index: churn(index).update(name="other")), "is that of another version"),
    "a moment without a zone": (with_index(lambda index: churn(index)["log"][0].update(at="2026-01-01T00:00:00")), "models.0.log.0.at"),
    "an unknown action": (with_index(lambda index: churn(index)["log"][0].update(action="drop")), "models.0.log.0.action"),
    "a log about a version that is not there": (
        with_index(lambda index: churn(index)["log"][-1].update(version=9)),
        "does not follow from",
    ),
    "a log with a gap": (with_index(lambda index: churn(index)["log"].pop(1)), "does not follow from the one before"),
    "a log that ends with a deleted version": (with_index(lambda index: churn(index).update(log=churn(index)["log"][:2])), "is deleted"),
    "an experiment that is damaged": (
        with_index(lambda index: churn(index)["log"][-1]["experiment"].update(salt=3)),
        "an experiment in the log of 'churn' is damaged",
    ),
    "an experiment of other versions": (
        with_index(lambda index: try_version_2(churn(index)["log"][-1]["experiment"])),
        "the experiment of entry 6 of the log of 'churn' is not of its versions",
    ),
    "text that is no Unicode": (with_index(lambda index: churn(index)["versions"][0].update(note="\ud800")), "is damaged at"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_damaged_archive_writes_nothing(whole: Path, tmp_path: Path, empty: Registry, case: str):
    """What contradicts itself, names paths, is damaged or newer is an ``ArtifactError`` that says so, and no registry is made."""
    change, message = REFUSED[case]
    with pytest.raises(ArtifactError, match=message):
        import_(empty, written(tmp_path / "changed.prisml", change(members(whole))))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["changed.prisml"]


def test_the_cases_are_refused_for_what_is_wrong_with_them(whole: Path, tmp_path: Path, empty: Registry):
    """Written anew in the same way and unchanged, the archive is taken: each case above is refused for its own reason."""
    import_(empty, written(tmp_path / "same.prisml", with_index(lambda index: None)(members(whole))))
    assert empty.names() == ("churn", "ltv")


def test_a_member_twice_is_refused(whole: Path, tmp_path: Path, empty: Registry):
    """A second member of the same name, which some readers take and others do not, is refused."""
    place = tmp_path / "twice.prisml"
    place.write_bytes(whole.read_bytes())
    with warnings.catch_warnings(), zipfile.ZipFile(place, "a") as archive:
        warnings.simplefilter("ignore")
        archive.writestr(INDEX_FILE, b"{}")
    with pytest.raises(ArtifactError, match=r"archive\.json is in it twice"):
        import_(empty, place)


def test_a_bomb_is_refused_unread(tmp_path: Path, empty: Registry):
    """Members that grow when they are read are refused by their headers."""
    place = written(tmp_path / "bomb.prisml", {INDEX_FILE: b" " * 10_000_000}, zipfile.ZIP_DEFLATED)
    assert place.stat().st_size < 100_000
    with pytest.raises(ArtifactError, match="is compressed or encrypted"):
        import_(empty, place)


def test_members_that_share_their_bytes_are_refused(tmp_path: Path, empty: Registry):
    """An archive whose members are larger than itself, since they overlap, is refused."""
    names = [INDEX_FILE, *(f"versions/{number:064x}/model.onnx" for number in range(3))]
    place = written(tmp_path / "overlap.prisml", dict.fromkeys(names, b"x" * 100_000))
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr(names[0], b"x" * 100_000)
        (first,) = archive.infolist()
        for name in names[1:]:
            info = zipfile.ZipInfo(name)
            info.header_offset, info.file_size, info.compress_size, info.CRC = 0, first.file_size, first.compress_size, first.CRC
            archive.filelist.append(info)
            archive.NameToInfo[name] = info
    place.write_bytes(content.getvalue())
    with pytest.raises(ArtifactError, match="its members are larger than itself"):
        import_(empty, place)


@pytest.mark.parametrize("kind", ["file", "folder"])
def test_a_member_that_is_too_large_is_refused_by_its_size(
    whole: Path, tmp_path: Path, empty: Registry, monkeypatch: pytest.MonkeyPatch, kind: str
):
    """A graph larger than ONNX allows is refused before it is read."""
    import_(empty, whole)
    export(empty, tmp_path / "folder")
    monkeypatch.setitem(LARGEST, "model.onnx", 100)
    with pytest.raises(ArtifactError, match=r"model\.onnx is larger than any that is written"):
        import_(Registry(f"sqlite:///{tmp_path / 'other.db'}"), whole if kind == "file" else tmp_path / "folder")
    assert not (tmp_path / "other.db").exists()


def test_places_that_hold_no_archive_are_refused(tmp_path: Path, empty: Registry):
    """Nothing, another file, an empty file and another folder are each refused by what they are."""
    (tmp_path / "text").write_text("no archive")
    (tmp_path / "nothing").write_text("")
    (tmp_path / "folder").mkdir()
    for name, message in (
        ("text", "is no archive"),
        ("nothing", "is no archive"),
        ("none", "there is nothing at"),
        ("folder", "holds neither"),
    ):
        with pytest.raises(ArtifactError, match=message):
            import_(empty, tmp_path / name)


@settings(deadline=None, max_examples=150)
@given(st.data())
def test_no_damage_gets_through(whole: Path, tmp_path_factory: pytest.TempPathFactory, data: st.DataObject):
    """A file that is cut off, or has a byte changed, is refused, or else is read as it was."""
    content = bytearray(whole.read_bytes())
    if data.draw(st.booleans()):
        del content[data.draw(st.integers(0, len(content) - 1)) :]
    else:
        content[data.draw(st.integers(0, len(content) - 1))] ^= data.draw(st.integers(1, 255))
    folder = tmp_path_factory.mktemp("damaged")
    (folder / "damaged.prisml").write_bytes(content)
    registry = Registry(f"sqlite:///{folder / 'target.db'}")
    try:
        import_(registry, folder / "damaged.prisml")
    except ArtifactError:
        assert not (folder / "target.db").exists()
        return
    export(registry, folder / "again.prisml")
    assert (folder / "again.prisml").read_bytes() == whole.read_bytes()


def test_an_archive_of_format_1_is_read_for_ever(empty: Registry, tmp_path: Path):
    """The archive that is kept from the first release with that format comes in whole, and goes out as it came, in this format."""
    kept = Path(__file__).parents[1] / "reference" / "archive_1.prisml"
    imported = import_(empty, kept)
    assert [(each.version.name, each.version.number, each.version.label) for each in imported] == [
        ("churn", 1, "r0"),
        ("churn", 3, "r2"),
        ("churn", 4, "r3"),
        ("ltv", 1, None),
    ]
    history = [(entry.action, entry.version) for entry in reversed(empty.history("churn"))]
    assert history == [*(("publish", number) for number in (1, 2, 3, 4)), ("rollback", 3), ("start", 3)]
    experiment = empty.experiments.status("churn")
    assert experiment is not None
    assert [(variant.name, variant.ranges) for variant in experiment.variants] == [("control", ((0, 9000),)), ("v4", ((9000, 10_000),))]
    assert empty.artifact("churn", 4).manifest.metrics["accuracy"].low == 0.5
    before, again = members(kept), members(export(empty, tmp_path / "again.prisml").place)
    index = json.loads(before.pop(INDEX_FILE))
    for model in index["models"]:
        for version in model["versions"]:
            version["report_sha256"] = None
    assert json.loads(again.pop(INDEX_FILE)) == index | {"format": ARCHIVE_FORMAT}
    assert again == before


def test_the_index_says_what_the_registry_knows(whole: Path):
    """The index is read as it was written: canonical JSON that can be compared line by line."""
    text = members(whole)[INDEX_FILE]
    index = read_index(text)
    assert index.to_json().encode() == text
    model, _ = index.models
    assert [(version.number, version.label, version.deleted is not None) for version in model.versions] == [
        (1, "r0", False),
        (2, None, True),
        (3, "r2", False),
        (4, "r3", False),
    ]
    assert [(entry.action, entry.before, entry.version) for entry in model.log[-2:]] == [("rollback", 4, 3), ("start", 3, 3)]

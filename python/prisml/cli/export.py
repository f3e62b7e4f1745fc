"""``prisml export``."""

from __future__ import annotations

from pathlib import Path

import click

from prisml.cli import document, kinds, options, render
from prisml.cli.completion import model_names, version_names
from prisml.cli.kinds import Which
from prisml.cli.settings import open_registry
from prisml.commands.transfer import export_all, export_version
from prisml.registry.container import SUFFIX


@options.command(
    "prisml export churn --to model",
    "prisml export churn --version v1.1 --to model",
    "prisml export churn --all --to churn.prisml",
    "prisml export --all --to backup",
    _0="written",
    _2="no such model or version, a place that cannot be written, wrong usage, or a bug",
)
@click.argument("name", required=False, shell_complete=model_names)
@click.option(
    "--to",
    required=True,
    metavar="PLACE",
    type=click.Path(path_type=Path),
    help="The folder to write; with --all, also a file that ends in .prisml.",
)
@click.option(
    "--version",
    type=kinds.version,
    metavar="VERSION",
    shell_complete=version_names,
    help="The version to write, in place of the one that serves.",
)
@click.option("--all", "whole", is_flag=True, help="Write every version, with labels, notes and the history; without NAME, of every model.")
@options.registry
@options.as_json
def export(name: str | None, to: Path, version: Which | None, whole: bool, registry: str | None, as_json: bool) -> None:
    """Write a version, a model or the whole registry to a folder or a file.

    One version becomes a folder with manifest.json, model.onnx and its report, for git or for an image: prisml.load(folder) serves from it
    without any registry. With --all everything there is of a model, or of all, becomes an archive that `prisml import` brings into
    another registry; equal registries give equal bytes.
    """
    _check(name, to, version, whole=whole)
    opened = open_registry(registry)
    done = export_all(opened, to, name) if whole or name is None else export_version(opened, to, name, version)
    if as_json:
        versions = [document.of_version(each) for each in done.versions]
        render.write_json(document.answer(place=str(done.place), kind="bundle" if done.is_bundle else "archive", versions=versions))
    elif done.is_bundle:
        written = f"Version {done.versions[0].number} of {name} is written to the folder {done.place}."
        render.say(f"{written} Serve from it with: prisml.load({str(to)!r})")
    else:
        models = render.count(len({each.name for each in done.versions}), "model")
        written = f"{render.count(len(done.versions), 'version')} of {models} {'is' if len(done.versions) == 1 else 'are'} written"
        kind = "file" if to.suffix == SUFFIX else "folder"
        render.say(f"{written} to the {kind} {done.place}. Bring them in elsewhere with: prisml import {done.place}")


def _check(name: str | None, to: Path, version: Which | None, *, whole: bool) -> None:
    if whole and version is not None:
        raise click.UsageError("--all writes every version: leave --version out.")
    if not whole and name is None:
        raise click.UsageError("Name a model, or write every model with --all.")
    if not whole and to.suffix == SUFFIX:
        raise click.UsageError(f"A file that ends in {SUFFIX} holds all versions: add --all, or name a folder for one version.")

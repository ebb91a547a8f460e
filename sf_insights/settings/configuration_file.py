"""The administrator's file: read, and edited so that everything else in it stays as it was written."""

from __future__ import annotations

import codecs
import hashlib
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from sf_insights.domain.configuration import AccountFieldSync, parse_configuration
from sf_insights.domain.fields.api_names import ByApiName
from sf_insights.domain.fields.field_types import Category
from sf_insights.domain.problems import ConfigurationProblem
from sf_insights.settings.yaml_edits import scalar, with_entries, with_label
from sf_insights.system.durable import locked_directory, replace_content

_EDITOR_SECONDS = 30.0


def load_configuration(path: Path) -> AccountFieldSync:
    """Read and validate the administrator's file.

    Raises:
        ConfigurationProblem: it cannot be read, is no YAML, or asks for what cannot be.
    """
    return _configuration(path, _content(path, _text(path)))


@dataclass(frozen=True)
class ConfigurationFile:
    """The administrator's file as it was read at one moment: its text, and what the text says."""

    path: Path
    text: str
    configuration: AccountFieldSync

    @classmethod
    def read(cls, path: Path) -> ConfigurationFile:
        """Read and validate it; raises as `load_configuration` does."""
        text = _text(path)
        return cls(path, text, _configuration(path, _content(path, text)))

    @property
    def fingerprint(self) -> str:
        """A short text that differs when any character of the file does."""
        return hashlib.sha256(self.text.encode()).hexdigest()

    def with_selection(self, selection: Mapping[str, Category]) -> ConfigurationFile:
        """This file as it would be with exactly these fields selected, by API name (case ignored); writes nothing.

        Entries that stay keep their place and whatever else they say; new ones follow the last one, in the order given.

        Raises:
            ConfigurationProblem: that cannot be selected, or the list is written in a way that this cannot edit.
        """
        chosen, before = ByApiName(selection), self.configuration.by_field
        new = [(name, category) for name, category in chosen.items() if name not in before]
        content = self.configuration.model_dump(by_alias=True, exclude_unset=True)
        content["fields"] = [
            {**entry.model_dump(by_alias=True, exclude_unset=True), "as": chosen[name]}
            for name, entry in before.items()
            if name in chosen
        ] + [{"field": name, "as": category} for name, category in new]
        wanted = _configuration(self.path, content)
        entries = [chosen.get(name) for name in before]
        text = with_entries(self.text, entries, [entry.category for entry in before.values()], new)
        edited = self._edited(text, wanted)
        if edited is None:
            raise ConfigurationProblem(
                f"{self.path.name}: the list under `fields:` is written in a way that this cannot edit.",
                "Write each field on a line of its own, such as `- Industry`, or edit the file by hand.",
            )
        return edited

    def with_labels(self, labels: Mapping[str, str | None]) -> ConfigurationFile:
        """This file as it would be with these labels of selected fields, every other character alone; writes nothing.

        Args:
            labels: by API name (case ignored): the text, or None for `label: null`, which returns to the default.

        Raises:
            ConfigurationProblem: a field is not selected, a text cannot be a label, or its entry is written in a way
                that this cannot edit.
        """
        file = self
        for field, label in labels.items():
            file = file._with_label(field, label)
        return file

    def _with_label(self, field: str, label: str | None) -> ConfigurationFile:
        selected = self.configuration.by_field
        if field not in selected:
            raise ConfigurationProblem(
                f"{self.path.name}: {field} is not selected, so it has no label.",
                f"Select it first: `sf-insights select {field}`; `sf-insights fields` lists what can be.",
            )
        place = list(selected).index(selected.spelling(field))
        content = self.configuration.model_dump(by_alias=True, exclude_unset=True)
        content["fields"][place]["label"] = label
        wanted = _configuration(self.path, content)
        edited = self._edited(with_label(self.text, place, scalar(label)), wanted)
        if edited is None:
            raise ConfigurationProblem(
                f"{self.path.name}: the entry of {field} is written in a way that this cannot edit.",
                f"Write there by hand: label: {scalar(label)}",
            )
        return edited

    def _edited(self, text: str | None, wanted: AccountFieldSync) -> ConfigurationFile | None:
        """This file with another text, if that says what is wanted and nothing else."""
        try:
            edited = _configuration(self.path, _content(self.path, text)) if text is not None else None
        except ConfigurationProblem:
            return None
        if text is None or edited is None or _meaning(edited) != _meaning(wanted):
            return None
        return ConfigurationFile(self.path, text, edited)

    def replace(self, edited: ConfigurationFile) -> None:
        """Write the edited text, if the file still is what was read. Call it while `editing` holds the file.

        Raises:
            ConfigurationProblem: it was changed meanwhile, or it cannot be written; it stays as it is.
        """
        if _text(self.path) != self.text:
            raise ConfigurationProblem(
                f"{self.path.name} was changed meanwhile, so nothing was written.", "Try again: it is read anew."
            )
        _replace(self.path, edited.text)


@contextmanager
def editing(path: Path) -> Iterator[ConfigurationFile]:
    """The administrator's file, kept from every other command and page until the block ends.

    What is read here and written with `replace` loses no edit of theirs. An editor such as vi does not wait: `replace`
    refuses to write over what it saved meanwhile.

    Raises:
        ConfigurationProblem: as `load_configuration`, or another command or page keeps the file.
    """
    _text(path)  # a file that is not there is named as such
    with ExitStack() as lock:
        try:
            lock.enter_context(locked_directory(path.resolve().parent, _EDITOR_SECONDS))
        except TimeoutError:
            raise ConfigurationProblem(
                f"{path.name} has been kept by another command or page for {_EDITOR_SECONDS:.0f} s, so nothing was "
                "written.",
                "Wait for it to end, or stop it, and try again.",
            ) from None
        except OSError as error:
            raise _unwritable(path, error) from None
        yield ConfigurationFile.read(path)


def take_back(written: ConfigurationFile, before: ConfigurationFile) -> None:
    """Write the file as it was before an edit.

    Raises:
        ConfigurationProblem: it was changed after the edit; it stays as it is.
    """
    with editing(written.path):
        written.replace(before)


def _meaning(configuration: AccountFieldSync) -> Any:
    """What a file says, whether an entry is silent on its label included."""
    return configuration.model_dump(exclude={"fields"}), [
        (entry.field, entry.category, entry.says_label, entry.label, entry.description)
        for entry in configuration.fields
    ]


def _text(path: Path) -> str:
    try:
        return path.read_bytes().decode("utf-8-sig")
    except FileNotFoundError:
        raise ConfigurationProblem(
            f"{path} does not exist.",
            "Copy data/account_field_sync.yaml of the checkout there, or set SF_INSIGHTS_CONFIG to where it is.",
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationProblem(f"{path} cannot be read: {error}.", "It must be a text file in UTF-8.") from None


def _content(path: Path, text: str) -> Any:
    try:
        return YAML().load(text)
    except (ValueError, TypeError, LookupError, AttributeError, RecursionError) as error:
        # A day that no month has, a number that is none, brackets without end: ruamel lets Python's own errors through.
        said = str(error).splitlines() or [type(error).__name__]
        raise ConfigurationProblem(
            f"{path.name} is no valid YAML: {said[0]}.", "Put texts that look like something else in quotes."
        ) from None
    except YAMLError as error:
        mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
        where = f" at line {mark.line + 1}, column {mark.column + 1}" if mark else ""
        what = getattr(error, "problem", None) or "it cannot be parsed"
        raise ConfigurationProblem(f"{path.name} is no valid YAML{where}: {what}.", "Mend that line.") from None


def _configuration(path: Path, content: Any) -> AccountFieldSync:
    try:
        return parse_configuration(content)
    except ConfigurationProblem as problem:
        raise ConfigurationProblem(f"{path.name}: {problem.what}", problem.remedy) from None


def _replace(path: Path, text: str) -> None:
    try:
        file = path.resolve(strict=True)  # a link stays a link
        mark = codecs.BOM_UTF8 if file.read_bytes().startswith(codecs.BOM_UTF8) else b""
        replace_content(file, mark + text.encode())
    except OSError as error:
        raise _unwritable(path, error) from None


def _unwritable(path: Path, error: OSError) -> ConfigurationProblem:
    return ConfigurationProblem(
        f"{path.name} cannot be written: {error.strerror}. It is as it was.",
        f"Make room, or let this user write into {path.resolve().parent}.",
    )

"""Read the administrator's YAML file, and edit it without changing anything else in it."""

from __future__ import annotations

import codecs
import hashlib
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from sf_insights.domain.configuration import AccountFieldSync, parse_configuration
from sf_insights.domain.fields.api_names import ByApiName
from sf_insights.domain.fields.field_types import Category
from sf_insights.domain.fields.plan import nearest_names
from sf_insights.domain.problems import ConfigurationProblem
from sf_insights.settings.home import CONFIGURATION_NAME
from sf_insights.settings.revisions import keep_present_text, note_edit
from sf_insights.settings.yaml_edits import scalar, with_entries, with_entry_setting
from sf_insights.settings.yaml_settings import with_setting
from sf_insights.system.durable import locked_directory, replace_content

_EDITOR_SECONDS = 30.0


def load_configuration(path: Path) -> AccountFieldSync:
    """Read and validate the administrator's file.

    Raises:
        ConfigurationProblem: it cannot be read, is not valid YAML, or has invalid settings.
    """
    return parsed(path, _text(path))


def parsed(path: Path, text: str) -> AccountFieldSync:
    """Return the settings in a text of the file; raises the same errors as `load_configuration`."""
    return _parsed(path.name, text)


@lru_cache(maxsize=64)  # a sync reads the same text several times, and a page shows some twenty earlier ones
def _parsed(name: str, text: str) -> AccountFieldSync:
    return _configuration(name, _content(name, text))


@dataclass(frozen=True)
class ConfigurationFile:
    """The administrator's file as read at one moment: its text and its settings."""

    path: Path
    text: str
    configuration: AccountFieldSync

    @classmethod
    def read(cls, path: Path) -> ConfigurationFile:
        """Read and validate the file; raises the same errors as `load_configuration`."""
        text = _text(path)
        return cls(path, text, parsed(path, text))

    @property
    def fingerprint(self) -> str:
        """A hash of the file's text."""
        return hashlib.sha256(self.text.encode()).hexdigest()

    def with_selection(self, selection: Mapping[str, Category]) -> ConfigurationFile:
        """Return this file with exactly these fields selected, by API name (ignoring case). Writes nothing.

        Remaining entries keep their position and their other settings; new ones follow the last, in the given order.

        Raises:
            ConfigurationProblem: the selection is invalid, or the list has a form that cannot be edited.
        """
        chosen, before = ByApiName(selection), self.configuration.by_field
        new = [(name, category) for name, category in chosen.items() if name not in before]
        content = self.configuration.model_dump(by_alias=True, exclude_unset=True)
        content["fields"] = [
            {**entry.model_dump(by_alias=True, exclude_unset=True), "as": chosen[name]}
            for name, entry in before.items()
            if name in chosen
        ] + [{"field": name, "as": category} for name, category in new]
        wanted = _configuration(self.path.name, content)
        entries = [chosen.get(name) for name in before]
        text = with_entries(self.text, entries, [entry.category for entry in before.values()], new)
        edited = self._edited(text, wanted)
        if edited is None:
            raise ConfigurationProblem(
                f"{self.path.name}: the list under `fields:` has a form that cannot be edited here.",
                "Write each field on its own line, such as `- Industry`, or edit the file by hand.",
            )
        return edited

    def with_labels(self, labels: Mapping[str, str | None]) -> ConfigurationFile:
        """Return this file with these labels of selected fields, and no other change. Writes nothing.

        Args:
            labels: by API name (ignoring case): the text, or None for `label: null`, which restores the default.

        Raises:
            ConfigurationProblem: a field is not selected, a label is invalid, or the entry has a form that cannot be
                edited.
        """
        return self.with_field_settings({field: {"label": label} for field, label in labels.items()})

    def with_field_settings(self, changes: Mapping[str, Mapping[str, str | bool | None]]) -> ConfigurationFile:
        """Return this file with these settings of selected fields, and no other change. Writes nothing.

        Args:
            changes: by API name (ignoring case): the new values of label, description, format or archived.

        Raises:
            ConfigurationProblem: as `with_labels`.
        """
        file = self
        for field, settings in changes.items():
            for setting, value in settings.items():
                file = file._with_field_setting(field, setting, value)
        return file

    def _with_field_setting(self, field: str, setting: str, value: str | bool | None) -> ConfigurationFile:
        selected = self.configuration.by_field
        if field not in selected:
            near = " or ".join(nearest_names(field, selected))
            select = f"Select it first: `sf-insights select {field}`. `sf-insights fields` lists the fields of Account."
            raise ConfigurationProblem(
                f"{self.path.name}: {field} is not selected, so its settings cannot be changed.",
                f"Did you mean {near}?" if near else select,
            )
        place = list(selected).index(selected.spelling(field))
        content = self.configuration.model_dump(by_alias=True, exclude_unset=True)
        content["fields"][place][setting] = value
        wanted = _configuration(self.path.name, content)
        edited = self._edited(with_entry_setting(self.text, place, setting, scalar(value)), wanted)
        if edited is None:
            raise ConfigurationProblem(
                f"{self.path.name}: the entry of {field} has a form that cannot be edited here.",
                f"Edit the file by hand: {setting}: {scalar(value)}",
            )
        return edited

    def with_settings(self, values: Mapping[tuple[str, ...], Any]) -> ConfigurationFile:
        """Return this file with these settings, and no other change. Writes nothing.

        Args:
            values: by the keys on the way to each setting, such as ("guards", "max_row_drop").

        Raises:
            ConfigurationProblem: a value is invalid, or the file has a form that cannot be edited.
        """
        text: str | None = self.text
        content = self.configuration.model_dump(by_alias=True, exclude_unset=True)
        for path, value in values.items():
            block = content if len(path) == 1 else content.setdefault(path[0], {})
            block[path[-1]] = value
            text = None if text is None else with_setting(text, path, value)
        edited = self._edited(text, _configuration(self.path.name, content))
        if edited is None:
            names = ", ".join(": ".join(path) for path in values)
            raise ConfigurationProblem(
                f"{self.path.name} has a form that cannot be edited here, so nothing was written.",
                f"Write each setting on its own line, or edit the file by hand: {names}.",
            )
        return edited

    def _edited(self, text: str | None, wanted: AccountFieldSync) -> ConfigurationFile | None:
        """Return this file with the new text if its settings are exactly the wanted ones, else None."""
        try:
            edited = parsed(self.path, text) if text is not None else None
        except ConfigurationProblem:
            return None
        if text is None or edited is None or _meaning(edited) != _meaning(wanted):
            return None
        return ConfigurationFile(self.path, text, edited)

    def replace(self, edited: ConfigurationFile) -> None:
        """Write the edited text if the file has not changed since it was read. Call this inside `editing`.

        Raises:
            ConfigurationProblem: the file has changed or cannot be written; it stays as it is.
        """
        if _text(self.path) != self.text:
            raise ConfigurationProblem(
                f"{self.path.name} was changed in the meantime, so nothing was written.",
                "Try again with its new content.",
            )
        _replace(self.path, edited.text)

    def with_text(self, text: str) -> ConfigurationFile:
        """Return this file with the text of an earlier revision. Writes nothing.

        Raises:
            ConfigurationProblem: the text is not valid YAML, or has invalid settings.
        """
        return ConfigurationFile(self.path, text, parsed(self.path, text))


@contextmanager
def editing(path: Path) -> Iterator[ConfigurationFile]:
    """Read the file, and lock it against all other commands and pages until the block ends.

    So no edit of theirs is lost between this reading and `replace`. Text editors such as vi ignore the lock, so
    `replace` refuses to overwrite what they saved in between.

    Raises:
        ConfigurationProblem: as `load_configuration`, or another command or page holds the lock.
    """
    _text(path)  # report a missing file before the lock fails on it
    with ExitStack() as lock:
        try:
            lock.enter_context(locked_directory(path.resolve().parent, _EDITOR_SECONDS))
        except TimeoutError:
            raise ConfigurationProblem(
                f"Another command or page has locked {path.name} for {_EDITOR_SECONDS:.0f} s, so nothing was written.",
                "Wait until it ends, or stop it, and try again.",
            ) from None
        except OSError as error:
            raise _unwritable(path, error) from None
        yield ConfigurationFile.read(path)


def take_back(written: ConfigurationFile, before: ConfigurationFile) -> None:
    """Undo an edit: write the file as it was before.

    Raises:
        ConfigurationProblem: the file was changed after the edit; it stays as it is.
    """
    with editing(written.path):
        written.replace(before)


def _meaning(configuration: AccountFieldSync) -> Any:
    """Return all settings of a file for comparison, including whether each entry has a `label:` key."""
    return configuration.model_dump(exclude={"fields"}), [
        (entry.says_label, *entry.model_dump().values()) for entry in configuration.fields
    ]


def _text(path: Path) -> str:
    try:
        return path.read_bytes().decode("utf-8-sig")
    except FileNotFoundError:
        raise ConfigurationProblem(
            f"{path} does not exist.",
            f"Make a home with `sf-insights init`, or set SF_INSIGHTS_CONFIG to your {CONFIGURATION_NAME}.",
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationProblem(f"{path} cannot be read: {error}.", "It must be a text file in UTF-8.") from None


def _content(name: str, text: str) -> Any:
    try:
        return YAML().load(text)
    except (ValueError, TypeError, LookupError, AttributeError, RecursionError) as error:
        # ruamel raises Python's own errors for an invalid date or number and for deeply nested brackets.
        said = str(error).splitlines() or [type(error).__name__]
        raise ConfigurationProblem(
            f"{name} is not valid YAML: {said[0]}.", "Put texts that look like dates or numbers in quotes."
        ) from None
    except YAMLError as error:
        mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
        where = f" at line {mark.line + 1}, column {mark.column + 1}" if mark else ""
        what = getattr(error, "problem", None) or "it cannot be parsed"
        raise ConfigurationProblem(f"{name} is not valid YAML{where}: {what}.", "Fix that line.") from None


def _configuration(name: str, content: Any) -> AccountFieldSync:
    try:
        return parse_configuration(content)
    except ConfigurationProblem as problem:
        raise ConfigurationProblem(f"{name}: {problem.what}", problem.remedy) from None


def _replace(path: Path, text: str) -> None:
    try:
        file = path.resolve(strict=True)  # write to the target of a symbolic link
        keep_present_text(file)
        mark = codecs.BOM_UTF8 if file.read_bytes().startswith(codecs.BOM_UTF8) else b""
        replace_content(file, mark + text.encode())
    except OSError as error:
        raise _unwritable(path, error) from None
    with suppress(OSError):  # the edit is done; without this note, only its author is unknown
        note_edit(file)


def _unwritable(path: Path, error: OSError) -> ConfigurationProblem:
    return ConfigurationProblem(
        f"{path.name} cannot be written: {error.strerror}. It is unchanged.",
        f"Free some space, or give this user write access to {path.resolve().parent}.",
    )

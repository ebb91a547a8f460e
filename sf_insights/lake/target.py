"""Where a home's lake is: its catalog, its schema there, and its data files."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from sf_insights.domain.problems import LakeProblem
from sf_insights.domain.publish_to import CatalogAddress, PublishTo, schema_name
from sf_insights.settings.environment import Places


@dataclass(frozen=True)
class LakeTarget:
    """A lake: its catalog is the PostgreSQL schema `schema`, its files are below `files`, which ends with `/`.

    The files of each schema have a directory of their own, because clean-up looks for files that no table refers to.
    """

    address: CatalogAddress
    schema: str
    files: str
    keep_days: int

    @classmethod
    def of(cls, publish_to: PublishTo, places: Places) -> LakeTarget:
        """Return the lake of a home; relative directories start at the directory of its settings file.

        Raises:
            LakeProblem: the settings name no schema, and the name of the home cannot be one.
        """
        schema = publish_to.lake_schema or _schema_of(places)
        data = publish_to.data
        if not publish_to.is_in_object_storage:
            data = str(places.configuration.parent.absolute() / Path(data).expanduser())
        return cls(publish_to.address, schema, f"{data.rstrip('/')}/{schema}/", publish_to.keep_days)

    @property
    def is_in_object_storage(self) -> bool:
        return self.files.startswith("s3://")

    def __str__(self) -> str:
        return f"schema {self.schema} of {self.address}"


def _schema_of(places: Places) -> str:
    home = places.configuration.parent.absolute()
    name = (home.parent if home.name == "data" else home).name.lower().replace("-", "_")
    try:
        return schema_name(name)
    except ValueError as error:
        raise LakeProblem(
            f"The lake has no schema, and the name of the home does not do: {error}.",
            "Write it as `schema:` under `publish_to:`.",
        ) from None

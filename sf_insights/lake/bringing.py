"""Bring a home's lake up to date with its published snapshot, and note how that went."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sf_insights.domain.problems import LakeProblem
from sf_insights.domain.publish_to import PublishTo
from sf_insights.lake.connecting import reached
from sf_insights.lake.maintenance import Maintained, maintained
from sf_insights.lake.publishing import LakePublication, publish
from sf_insights.lake.state import note_problem, note_published
from sf_insights.lake.target import LakeTarget
from sf_insights.settings.environment import SNAPSHOT_NAME, Places
from sf_insights.system.clock import now

_CATCHES_UP = (
    f"{SNAPSHOT_NAME} is published, and the lake shows what it showed before. The next publication brings all that it "
    "lacks; `sf-insights publish` is one."
)


@dataclass(frozen=True)
class Brought:
    """A lake that is up to date: where it is, what was written, and what the clean-up removed."""

    target: LakeTarget
    publication: LakePublication
    maintained: Maintained


def bring_up_to_date(publish_to: PublishTo, places: Places, variables: Mapping[str, str]) -> Brought:
    """Publish the snapshot of a home into its lake, and clean the lake up. The caller holds the warehouse's lock.

    The delta is found against what the lake holds, so it does not matter how many publications it missed. A clean-up
    that fails does not fail the publication; the next one cleans up again.

    Raises:
        LakeProblem: the lake was not published; it shows what it showed before.
    """
    try:
        target = LakeTarget.of(publish_to, places)
        if not places.snapshot.exists():
            raise LakeProblem("Nothing has been published yet.", "Run `sf-insights sync`.")
        with reached(target, places, variables) as lake:
            lake.attach()
            publication = publish(lake, places.snapshot, str(places.configuration.parent))
            note_published(places.data, publication.sync, publication.day, now())
            return Brought(target, publication, maintained(lake))
    except LakeProblem as problem:
        note_problem(places.data, str(problem))
        raise LakeProblem(problem.what, f"{problem.remedy} {_CATCHES_UP}") from problem

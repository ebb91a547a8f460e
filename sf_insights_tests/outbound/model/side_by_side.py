"""The outbound pipeline and its model with the same input, compared after each run."""

from __future__ import annotations

import copy
from collections import Counter
from datetime import date, timedelta
from typing import Any

from sf_insights.demo.process import DemoOrg
from sf_insights_tests.outbound.model.cells import canonical
from sf_insights_tests.outbound.model.hours import FLOW_FIELD, RandomHours
from sf_insights_tests.outbound.model.mapping import TARGETS, another_option, random_mapping
from sf_insights_tests.outbound.model.product import Key, Plan, Product
from sf_insights_tests.outbound.sender import Sender
from sf_insights_tests.outbound.test_crashes import killed
from sf_insights_tests.pipeline.pipeline import Pipeline, open_snapshot

NO_GUARDS = {"max_row_drop": 1.0, "min_match_rate": 0.0}
NO_OUTBOUND_GUARDS = {"max_changed": 1.0, "max_cleared": 1.0, "max_rejected": 1.0}
STAMPS = {"LastModifiedDate", "LastModifiedById", "SystemModstamp", FLOW_FIELD}
KINDS = ("filled", "changed", "cleared", "equal", "edited", "conflict", "rejected")

Org = dict[str, dict[str, Any]]


class SideBySide:
    """The pipeline and the model with the same input, compared after each run."""

    def __init__(self, org: DemoOrg, sync: Pipeline, seed: int) -> None:
        self.org = org
        self.sync = sync
        self.seed = seed
        self.sender = Sender(org, sync)
        self.hours = RandomHours(org, seed)
        self.product = Product()
        self.day = date(2026, 3, 1)
        self.compared = 0  # the last run whose changes are compared
        self.is_settled = True  # whether the model knows all that the last run did
        self.written: Counter[tuple[str, ...]] = Counter()  # since the last comparison
        self.refused: Counter[tuple[str, ...]] = Counter()

    def live_through(self, runs: int) -> None:
        try:
            self._begin()
            for number in range(runs):
                self.tell(f"--- run {number + 1}")
                self.one_run()
            self.end()
        except (AssertionError, KeyError) as error:
            error.add_note(f"seed {self.seed}:\n" + "\n".join(self.hours.story))
            raise

    def _begin(self) -> None:
        self.publish()
        self.choose_mapping()
        self.send()

    def one_run(self) -> None:
        happens = self.hours.happens
        self.hours.pass_two()
        if happens(0.6):
            self.publish()
        if happens(0.1):
            self.choose_mapping()
        elif happens(0.15):
            self.change_option()
        elif happens(0.1):
            self.preview()
        if happens(0.1):
            self.tell("retry")
            self.sender.retry()
            self.product.retry()
        if happens(0.2):
            self.disturbed()
            if happens(0.4) and not self.hours.rules.refused:
                self.hours.only_zuora()
                self.publish()
        self.send(everything=happens(0.1))

    def end(self) -> None:
        """Let all obstacles go: the next run settles everything, and the one after has nothing to do."""
        self.tell("--- the end")
        self.hours.clear_obstacles()
        self.sender.retry()
        self.product.retry()
        self.publish()
        self.send()
        self.send(everything=True)
        plan = self.send()
        assert plan.is_empty
        cells = Counter(
            {(id_, name): count for id_, found in self.org.writes().items() for name, count in found["cells"].items()}
        )
        rows = self.sender.rows("SELECT record_id, field FROM outbound.changes WHERE outcome = 'written'")
        assert cells == Counter(rows), "each write is in outbound.changes once"

    # Steps

    def tell(self, text: str) -> None:
        self.hours.story.append(text)

    def publish(self) -> None:
        self.tell(f"sync of {self.day}")
        self.sync(str(self.day))
        self.day += timedelta(days=1)
        with open_snapshot(self.sync.snapshot) as connection:
            result = connection.execute("FROM insights.accounts")
            names = [column[0] for column in result.description]
            accounts = [dict(zip(names, row, strict=True)) for row in result.fetchall()]
            [(sync, day)] = connection.execute("SELECT sync, synced_on FROM insights.snapshot").fetchall()
        self.product.publish([row | {"synced_on": day} for row in accounts], sync)

    def choose_mapping(self) -> None:
        self.use(*random_mapping(self.hours.random, self.hours.writable))

    def change_option(self) -> None:
        if self.product.values is not None and all(self.hours.fields[name].is_writable for name in self.hours.mapped):
            self.use(self.product.values, another_option(self.hours.random, self.product.values, self.product.entries))

    def use(self, values: Any, entries: list[Any]) -> None:
        """Write a mapping into the file, look at its preview, and accept it."""
        if (values, entries) == (self.product.values, self.product.entries):
            return
        self.tell(f"values of {values.name}: " + "; ".join(map(str, entries)))
        if values.select is not None:
            (self.sync.data / "outbound.sql").write_text(values.select, encoding="utf-8")
        self.sender.configure(
            values=None if values.select is None else "outbound.sql",
            fields=[entry.written() for entry in entries],
            guards=NO_OUTBOUND_GUARDS,
        )
        if self.hours.happens(0.3) and self.product.has_sent:
            writes = self.org.writes()
            assert "not accepted" in self.sender.fails()
            assert self.org.writes() == writes, "a mapping that nobody accepted writes nothing"
        self.hours.mapped = [entry.to for entry in entries]
        self.product.accept(values, entries)
        self.preview()
        self.sender.accept()

    def preview(self) -> None:
        self.tell("preview")
        writes = self.org.writes()
        copied = copy.deepcopy(self.product)
        plan = self._plan(copied, everything=False, fresh=True)
        self.sender.preview()
        self.product.known = dict(self.hours.fields)
        self._compare_counts(copied, plan, state="preview")
        assert self.org.writes() == writes, "a preview writes nothing"

    def disturbed(self) -> None:
        """Run with a kill, a lost answer or a limit. What was written, the org says."""
        fields, org = dict(self.hours.fields), self.truth()
        plan = self._plan(self.product, everything=False)
        if not plan.write:
            self.send_planned(plan, org)
            return
        if any(self.hours.rules.locks.values()):
            self.tell("the locks end")
            self.org.remove_rules()
            self.hours.rules.clear()
        was_killed = self.disturb(plan)
        now = self.truth()
        written = {
            (record, name)
            for (record, name), change in plan.write.items()
            if canonical(fields[name], now[record][name]) == change.new
        }
        self._expect_changes(plan, written, {})
        self.product.apply(plan, written, {})
        if not was_killed:
            self.product.tidy()
        self.is_settled = False
        self._compare_org(org, plan, written)

    def disturb(self, plan: Plan) -> bool:
        """Start a run and disturb it in one of the ways that few records allow; tell whether it was killed."""
        how = self.hours.random.choice(("killed", "lost", "limit"))
        self.tell(f"a run is disturbed: {how}")
        if how == "killed":
            skip = int(not self.product.has_sent and len(plan.records) > 10 and self.hours.happens(0.5))
            killed("PATCH", r"composite/sobjects$", self.hours.random.choice(("before", "after")), skip)
            return True
        if how == "lost":
            self.org.fault("drop_after", path="composite/sobjects", method="PATCH", times=1)
            self.sender.send()
        else:
            limit, before = self.hours.random.randint(1, len(plan.records)), self._times_written()
            self.sender.send(limit=limit)
            assert sum((self._times_written() - before).values()) <= limit
        self.org.clear_faults()
        self.product.has_sent = True
        return False

    def send(self, *, everything: bool = False) -> Plan:
        org = self.truth()
        self.tell("verify" if everything else "send")
        is_silent = self.is_settled and not everything and self.product.has_sent and bool(self.product.known)
        plan = self._plan(self.product, everything=everything)
        self.send_planned(plan, org, everything=everything)
        if plan.is_empty and is_silent:
            assert self.org.requests() == [], "without a difference, Salesforce is not asked"
        return plan

    def send_planned(self, plan: Plan, org: Org, *, everything: bool = False) -> None:
        written, refused = self.product.deliver(plan, self.hours.rules, org)
        self.org.clear_requests()
        self.sender.send("verify" if everything else "send")
        if self.is_settled:
            self._compare_counts(self.product, plan, state="complete")
            [(count,)] = self.sender.rows("SELECT written FROM outbound.runs ORDER BY run DESC LIMIT 1")
            assert count == len({record for record, _ in written})
        self._expect_changes(plan, written, refused)
        self.product.apply(plan, written, refused)
        self.product.tidy()
        self.product.has_sent = True
        self._compare_org(org, plan, written)
        self._compare_tables()
        self.is_settled = True

    # What is compared

    def _times_written(self) -> Counter[str]:
        return Counter({id_: found["writes"] for id_, found in self.org.writes().items()})

    def truth(self) -> Org:
        return {row["Id"]: row for row in self.org.records("Account")}

    def _plan(self, product: Product, *, everything: bool, fresh: bool = False) -> Plan:
        if fresh:
            product.known = {}
        live = {id_: row for id_, row in self.truth().items() if not row["IsDeleted"]}
        return product.plan(self.hours.fields, live, everything=everything)

    def _expect_changes(self, plan: Plan, written: set[Key], refused: dict[Key, str]) -> None:
        for expected, keys in ((self.written, written), (self.refused, set(refused))):
            for record, name in keys:
                change = plan.write[record, name]
                expected[record, name, change.old, change.new, change.reason] += 1

    def _compare_org(self, before: Org, plan: Plan, written: set[Key]) -> None:
        now = self.truth()
        assert now.keys() == before.keys()
        for record, row in now.items():
            for name, value in row.items():
                if (record, name) in written:
                    assert canonical(TARGETS[name], value) == plan.write[record, name].new, (record, name)
                elif name not in STAMPS:
                    assert value == before[record][name], f"{name} of {record} changed, from {before[record][name]!r}"
        assert not [id_ for id_, found in self.org.writes().items() if found["unchanged"]]
        assert not self.org.unchanged_cells()
        assert not self.org.ingest_jobs()

    def _compare_counts(self, product: Product, plan: Plan, *, state: str) -> None:
        run = self.sender.last_run()
        assert (run["state"], run["reason"]) == (state, None)
        assert run["to_write"] == len(plan.records), f"to_write is {run['to_write']}, not {len(plan.records)}"
        assert run["gone"] == len(plan.gone)
        problems = product.problems()
        counts = {entry.to: dict.fromkeys(KINDS, 0) for entry in product.usable}
        for (_, name), change in plan.write.items():
            counts[name]["filled" if change.old == "" else "changed" if change.new else "cleared"] += 1
        for kind, keys in (("equal", plan.equal), ("edited", plan.edited)):
            for _, name in keys:
                counts[name][kind] += 1
        for (_, name), (problem, _) in problems.items():
            counts[name]["conflict" if problem == "conflict" else "rejected"] += 1
        rows = self.sender.rows(
            f"SELECT field, {', '.join(KINDS)} FROM outbound.run_fields WHERE run = ?", [run["run"]]
        )
        found = {name: dict(zip(KINDS, numbers, strict=True)) for name, *numbers in rows}
        different = {name: (found.get(name), counts[name]) for name in counts if found.get(name) != counts[name]}
        assert found == counts, f"the pipeline's counts and the model's: {different}"

    def _compare_tables(self) -> None:
        product = self.product
        rows = self.sender.rows(
            "SELECT outcome, record_id, field, old_value, new_value, reason FROM outbound.changes WHERE run > ?",
            [self.compared],
        )
        self.compared = self.sender.last_run()["run"]
        written = Counter(tuple(row) for outcome, *row in rows if outcome == "written")
        refused = Counter(tuple(row) for outcome, *row in rows if outcome == "rejected")
        _agree("changes that were written", self.written, written)
        if self.is_settled:
            _agree("changes that were refused", self.refused, refused)
        self.written.clear()
        self.refused.clear()
        held: set[tuple[str | None, ...]] = {(*key, held.why, held.value) for key, held in product.held.items()}
        held |= {(*key, problem, value) for key, (problem, value) in product.problems().items()}
        rows = self.sender.rows(
            "SELECT record_id, field, class, CASE WHEN class != 'conflict' THEN value END FROM outbound.rejects"
        )
        _agree("values that are held back", Counter(held), Counter(rows))
        rows = self.sender.rows("SELECT field FROM outbound.paused_fields")
        _agree("paused fields", Counter(product.paused), Counter(name for (name,) in rows))
        sent = {(id_, name, value) for id_, cells in product.sent.items() for name, value in cells.items() if value}
        columns = self.sender.rows("SELECT column_name FROM duckdb_columns() WHERE table_name = 'sent_values'")
        found = set()
        for name in {name for (name,) in columns} & TARGETS.keys():
            query = f'SELECT record_id, "{name}" FROM outbound.sent_values WHERE "{name}" != \'\''
            found |= {(id_, name, value) for id_, value in self.sender.rows(query)}
        _agree("values that are ours", Counter(sent), Counter(found))
        rows = self.sender.rows("SELECT account_id, status FROM outbound.unsent_accounts")
        _agree("accounts without a record", Counter(product.unsent()), Counter(rows))


def _agree(what: str, expected: Counter[Any], found: Counter[Any]) -> None:
    missing, surplus = expected - found, found - expected
    assert not missing and not surplus, f"{what}: only the model has {missing}, only the pipeline {surplus}"

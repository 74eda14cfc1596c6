"""The sections of a report: one per test set, condition and head."""

import dataclasses
from collections.abc import Iterable, Mapping

import pandas as pd

from keras_ser.reports import breakdowns, fold_means
from keras_ser.reports.blocks import Block, Heading, Text
from keras_ser.reports.cells import CCC
from keras_ser.reports.comparison import check_primary, choose_reference
from keras_ser.reports.main_table import Tabulate, main_table_blocks, uar_blocks
from keras_ser.reports.primaries import describe_naming
from keras_ser.reports.regression import ccc_blocks
from keras_ser.reports.run_files import class_names
from keras_ser.reports.settings import normalisation_notes
from keras_ser.reports.tasks import Head
from keras_ser.reports.test_sets import format_test_set
from keras_ser.reports.text import group_key, percent, slug, sort_systems

GROUP = ["experiment", "test_set", "condition"]  # columns; each group has its sections
MAX_CLASSES = 16  # in a confusion matrix of a head that is not the main one


def section_blocks(
    table: pd.DataFrame,
    heads: dict[str, tuple[Head, ...]],
    settings: dict[str, dict],
    order: Iterable[str] = (),
    reference: str | None = None,
    recorded: Mapping[str, Iterable[str]] = {},
    primary: str | None = None,
) -> list[Block]:
    """The sections of all experiments, test sets, conditions and heads.

    Args:
        table: Predictions of all heads, with the column `test_set`.
        heads: From `reading.collect_heads`.
        settings: From `reading.collect_settings`.
        order: Systems that come first.
        reference: The system that the others are compared with; default: that of the
            config, else as `comparison.choose_reference` chooses.
        recorded: From `reading.recorded_names`; heads that have no predictions because
            the test speech has no label of them are named.
        primary: The system of the primary comparison of each table that has it;
            default: that of the config, if it names one.

    Raises:
        ValueError: If no table compares `primary` with its reference.
    """
    order, notes = list(order), normalisation_notes(settings)
    varying = [column for column in GROUP if table[column].nunique() > 1]
    groups = {key: rows for key, rows in table.groupby(GROUP, sort=False)}
    blocks: list[Block] = []
    compared: set[str] = set()
    for key in sorted(groups, key=group_key):
        group = dict(zip(GROUP, key, strict=True))
        experiment = group["experiment"]
        own = table[table["experiment"] == experiment]
        suffix = "".join(f"_{slug(group[column])}" for column in varying)
        several = len(heads[experiment]) > 1
        for head in heads[experiment]:
            section = _Section(
                experiment=experiment,
                title=_title(group, head if several else None),
                head=head,
                is_main=head == heads[experiment][0],
                systems=sort_systems(own["system"][own["head"] == head.name], order),
                named=reference or settings[experiment].get("reference"),
                primaries=(primary, settings[experiment].get("primary")),
                note=notes[experiment],
                suffix=suffix,
            )
            blocks += section.blocks(groups[key])
            compared |= section.compared
        blocks += _unscored(group, recorded.get(experiment, ()), groups[key])
    check_primary(primary, compared)
    return blocks


def _unscored(
    group: dict[str, str], recorded: Iterable[str], rows: pd.DataFrame
) -> list[Text]:
    """The heads that have no prediction on a test set, once for all conditions."""
    names = [name for name in recorded if name not in set(rows["head"])]
    if not names or group["condition"] != "clean":
        return []
    where = f"{group['experiment']}, {format_test_set(group['test_set'])}"
    are = "head is" if len(names) == 1 else "heads are"
    return [
        Text(
            f"{where}: the {are} not scored, because no utterance has a true label "
            f"that training knows: {', '.join(names)}."
        )
    ]


def _title(group: dict[str, str], head: Head | None) -> str:
    title = f"{format_test_set(group['test_set'])}, {group['condition']}"
    return f"{title}, {head.name}" if head else title


@dataclasses.dataclass(frozen=True)
class _Section:
    """The section of one head on one test set under one condition.

    Args:
        experiment: Name of the experiment.
        title: Test set, condition, and the head if there are several.
        head: The head.
        is_main: Whether it is the main head. The others have few tables.
        systems: Names of all systems that have the head.
        named: The reference that the user or the config names, if any.
        primaries: The primary systems that the user and the config name, if they do.
        note: Addition to the captions of the main table.
        suffix: End of the figures' file names.
    """

    experiment: str
    title: str
    head: Head
    is_main: bool
    systems: list[str]
    named: str | None
    primaries: tuple[str | None, str | None]
    note: str
    suffix: str

    @property
    def reference(self) -> str:
        """The system that the others are compared with."""
        return choose_reference(self.systems, self.named)

    @property
    def compared(self) -> set[str]:
        """The systems that are compared with the reference."""
        return {*self.systems} - {self.reference}

    @property
    def primary(self) -> str | None:
        """The first of the primary systems that is compared with the reference."""
        return next((name for name in self.primaries if name in self.compared), None)

    def blocks(self, rows: pd.DataFrame) -> list[Block]:
        """The section, or nothing if none of the predictions are of the head.

        Args:
            rows: Predictions of all heads on the test set under the condition.
        """
        rows = rows[rows["head"] == self.head.name]
        if rows.empty:
            return []
        scored = rows[rows["truth"] != ""]
        unscored = len(rows) - len(scored)
        count = f"Predictions without a true label, which are not scored: {unscored}."
        blocks: list[Block] = [Heading(f"{self.experiment}: {self.title}", 2)]
        blocks.append(Text(count))
        if scored.empty:
            return blocks
        by_system = {name: scored[scored["system"] == name] for name in self.systems}
        by_system = {name: part for name, part in by_system.items() if len(part)}
        tables = self._numbers if self.head.has_numbers else self._classes
        return blocks + tables(by_system)

    def _numbers(self, by_system: dict[str, pd.DataFrame]) -> list[Block]:
        blocks = self._main_table(by_system, ccc_blocks)
        if not self.is_main:
            return blocks
        return [
            *blocks,
            *breakdowns.repeat_table(self.title, by_system, CCC),
            breakdowns.fold_table(self.title, by_system, CCC),
        ]

    def _classes(self, by_system: dict[str, pd.DataFrame]) -> list[Block]:
        blocks = self._chance(by_system) + self._main_table(by_system, uar_blocks)
        blocks += breakdowns.recall_note(by_system)
        averaged = fold_means.explain(by_system, self.experiment)
        if averaged:
            return [*blocks, Text(averaged), *self._breakdowns_by_fold(by_system)]
        if not self.is_main:
            return blocks + self._confusion(by_system)
        return [
            *blocks,
            breakdowns.systems_figure(self.title, by_system, self.suffix),
            *breakdowns.repeat_table(self.title, by_system),
            breakdowns.fold_table(self.title, by_system),
            *breakdowns.recall_note(by_system, "fold"),
            *breakdowns.speaker_blocks(self.title, by_system, self.suffix),
            *breakdowns.confusion_blocks(self.title, by_system, self.suffix),
        ]

    def _breakdowns_by_fold(self, by_system) -> list[Block]:
        """The tables that do not pool folds."""
        return [
            *breakdowns.repeat_table(self.title, by_system),
            breakdowns.fold_table(self.title, by_system),
            *breakdowns.recall_note(by_system, "fold"),
        ]

    def _main_table(self, by_system, tabulate: Tabulate) -> list[Block]:
        blocks = main_table_blocks(
            self.title,
            self.systems,
            by_system,
            self.reference,
            self.note,
            tabulate,
            self.primary,
        )
        named = describe_naming(blocks, self.primary, self.primaries[1], self.reference)
        return [*blocks, *map(Text, named)]

    def _chance(self, by_system: dict[str, pd.DataFrame]) -> list[Block]:
        """What to aim at, if an encoder unlearns the classes."""
        names = [name for name in by_system if name in self.head.unlearned_by]
        if not names:
            return []
        # A test side may lack classes that the head knows, such as one of two genders.
        classes = max(len(class_names(rows)) for rows in by_system.values())
        encoders = "the encoder" if len(names) == 1 else "the encoders"
        unlearn = "unlearns" if len(names) == 1 else "unlearn"
        aim = f"{encoders} of {', '.join(names)} {unlearn} these classes"
        return [
            Text(
                f"The aim is chance level here, a UAR of {percent(1 / classes)} % with "
                f"{classes} classes: {aim}."
            )
        ]

    def _confusion(self, by_system: dict[str, pd.DataFrame]) -> list[Block]:
        """Confusion matrices of a further head, unless it has too many classes."""
        most = max(len(class_names(rows)) for rows in by_system.values())
        if most > MAX_CLASSES:
            return [Text(f"Confusion matrices of {most} classes are left out.")]
        suffix = f"{self.suffix}_{slug(self.head.name)}"
        return breakdowns.confusion_blocks(self.title, by_system, suffix)

"""Plans of a pipeline's streams, which are computed once and kept in its store."""

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from keras_ser.data import plan as plans
from keras_ser.data.batches import BatchMaker
from keras_ser.data.plan import Plan
from keras_ser.data.planning import Planner

if TYPE_CHECKING:
    from keras_ser.data.pipeline import Pipeline


def plan_training(data: "Pipeline", epochs: int) -> Plan:
    """The rows of all epochs up to `epochs`; see `Pipeline.plan`."""
    stream = data.stream
    shape = epochs, stream.steps, stream.size

    def make() -> Plan:
        planner = make_planner(data, data.training_table, data.maker)
        places = np.arange(np.prod(shape))
        return planner.plan(places, stream.row, stream.size).reshaped(*shape)

    return plans.read_or_make(data.store.cache, data.plan_key(), epochs, make)


def plan_variants(data: "Pipeline", table: pd.DataFrame, kinds: list[str]) -> Plan:
    """The rows of a table in all variants of types; see `Pipeline.plan_augmented`."""
    places, key = data.places_of(table, kinds), data.plan_augmented_key(table, kinds)

    def make() -> Plan:
        planner = make_planner(data, table, data.variant_maker)
        return planner.plan(places, data.describe_variant, data.batch)

    return plans.read_or_make(data.store.cache, key, len(places), make)


def make_planner(data: "Pipeline", table: pd.DataFrame, maker: BatchMaker) -> Planner:
    """A planner of the rows of a table.

    Args:
        data: The pipeline.
        table: Its training table, or any other, all of which counts as labelled.
        maker: Makes the batches of the rows.
    """
    return Planner(
        data.frames(table, data.variant_transforms()),
        len(data.fold.train) if table is data.training_table else len(table),
        data.store.format.dimensions,
        maker,
        data.preprocessing.window,
        data.seed,
    )

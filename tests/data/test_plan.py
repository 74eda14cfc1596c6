"""A plan holds what the reader of tf.data draws, and survives its file."""

import numpy as np
import pytest

from keras_ser import augment, data, protocols
from keras_ser.data import plan as plans
from keras_ser.data.plan import Plan
from keras_ser.data.planning import Planner
from keras_ser.features import FeatureStore, LogMel

ALL = ("speed", "specaugment", "mixup")


@pytest.fixture(scope="module")
def fold(spoken_table):
    labelled = spoken_table[spoken_table.speaker < "toy/5"]
    unlabelled = spoken_table[spoken_table.speaker >= "toy/5"].assign(emotion="")
    return protocols.leave_one_speaker_out(labelled, unlabelled)["1"]


@pytest.fixture
def pipeline(fold, tmp_path):
    def build(**arguments):
        store = FeatureStore(tmp_path / "cache", LogMel(n_mels=16))
        settings = {"seconds": 0.3, "batch": 4, "augment": ALL, "progress": False}
        return data.Pipeline(fold, store, **{**settings, **arguments})

    return build


def test_has_the_shape_of_the_stream_and_reasonable_numbers(pipeline):
    made = pipeline()
    plan = made.plan(0, 3)
    assert plan.shape == (3, made.steps, 8)  # as many unlabelled rows as labelled ones
    labelled = len(made.fold.train)
    assert (plan.utterance[..., :4] < labelled).all()
    assert (plan.utterance[..., 4:] >= labelled).all()
    frames = made.frames(made.training_table, made.variant_transforms())
    own = frames[plan.variant, plan.utterance]
    window = made.preprocessing.window
    assert (plan.start >= 0).all() and (plan.start <= np.maximum(own - window, 0)).all()
    assert plan.start.max() > 0  # some utterances are longer than the window
    is_mixed = plan.variant == len(made.variants) - 1
    assert is_mixed.any() and not plan.partner[~is_mixed].any()
    assert (plan.partner[is_mixed] != plan.utterance[is_mixed]).all()
    assert set(plan.drawn) == {"specaugment", "mixup"}
    share = plan.drawn["mixup"]["share"]
    assert (share[is_mixed] > 0).all() and not share[~is_mixed].any()
    is_masked = plan.variant == len(made.variants) - 2
    width = plan.drawn["specaugment"]["band_width"]
    assert width[is_masked].max() > 0 and not width[~is_masked].any()


def test_a_later_epoch_is_a_part_of_the_whole(pipeline):
    made = pipeline()
    whole, part = made.plan(0, 3), made.plan(1, 3)
    for name, array in part.arrays().items():
        np.testing.assert_array_equal(array, whole.arrays()[name][1:])
        assert array.dtype in (np.int32, np.float32)


def test_is_computed_once_and_read_by_others(pipeline, monkeypatch):
    first = pipeline().plan(0, 2)

    def fail(*arguments, **options):
        raise AssertionError("planned again")

    monkeypatch.setattr(Planner, "plan", fail)
    for epochs in (1, 2):
        again = pipeline().plan(0, epochs)
        np.testing.assert_array_equal(again.utterance, first.utterance[:epochs])
    for changed in ({"seed": 1}, {"batch": 2}, {"augment": ("mixup",)}):
        with pytest.raises(AssertionError, match="planned again"):
            pipeline(**changed).plan(0, 2)
    with pytest.raises(AssertionError, match="planned again"):
        pipeline().plan(0, 3)  # longer than what is kept


def test_a_damaged_file_is_planned_again(pipeline):
    made = pipeline()
    first = made.plan(0, 2)
    (path,) = (made.store.cache / plans.FOLDER).iterdir()
    path.write_bytes(path.read_bytes()[:-100])
    np.testing.assert_array_equal(made.plan(0, 2).utterance, first.utterance)
    with pytest.raises(ValueError, match="damaged or not a plan"):
        Plan.from_bytes(b"no plan")


def test_augmented_rows_are_planned_in_their_order(pipeline):
    made = pipeline()
    plan = made.plan_augmented(made.fold.dev, "speed")
    rows = len(made.fold.dev)
    assert plan.utterance.tolist() == np.repeat(np.arange(rows), 2).tolist()
    assert plan.variant.tolist() == [1, 2] * rows
    again = pipeline().plan_augmented(made.fold.dev, "speed")
    np.testing.assert_array_equal(again.start, plan.start)


def test_small_numbers_need_few_bytes(pipeline):
    plan = pipeline().plan(0, 3)
    again = Plan.from_bytes(plan.to_bytes())
    for name, array in plan.arrays().items():
        np.testing.assert_array_equal(again.arrays()[name], array)
        assert again.arrays()[name].dtype == array.dtype


def test_an_augmentation_that_does_not_say_what_it_draws_is_rejected(pipeline):
    class Flip:
        name, kind, softens, needs_partner = "flip", "batch", False, False

        def __call__(self, batch, partner, seed):
            return {**batch, "features": batch["features"][:, :, ::-1]}

    with pytest.raises(ValueError, match="`draw`.*'flip', a Flip.*BatchAugmentation"):
        pipeline(augment=(Flip(),)).plan(0, 1)
    stateful = augment.SpecAugment()
    stateful.ops = "tfio"  # without the package
    with pytest.raises(ValueError, match="'specaugment'.*choose ops='batch'"):
        pipeline(augment=(stateful,)).plan(0, 1)

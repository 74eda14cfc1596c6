"""Statistics by which a fold's features are normalised, compared with `moments`."""

import numpy as np

from keras_ser import protocols
from keras_ser.data.statistics import Statistics
from keras_ser.features import FeatureStore, LogMel
from keras_ser.features.preprocessing import moments


def test_statistics_of_a_speaker_do_not_depend_on_the_part_asked_for(
    spoken_table, tmp_path
):
    fold = protocols.leave_one_speaker_out(spoken_table)["1"]
    store = FeatureStore(tmp_path, LogMel(n_mels=16))
    store.prepare(spoken_table, progress=False)
    statistics = Statistics(fold, store, "speaker")
    for side in (fold.train, fold.dev, fold.tests["test"]):
        groups, whole = statistics.for_table(side)
        row = len(side) - 1
        _, part = statistics.for_table(side[row:])
        np.testing.assert_array_equal(part, whole[groups[row]][None])
        own = side[side.speaker == side.speaker.iloc[row]]
        assert len(own) == 6
        expected = moments(map(store.read, store.paths(own)))
        np.testing.assert_allclose(part[0], expected, rtol=1e-6)
    # For a speaker who is not in the fold, only the table is available.
    stranger = fold.dev[:1].assign(speaker="toy/stranger")
    _, found = statistics.for_table(stranger)
    expected = moments(map(store.read, store.paths(stranger)))
    np.testing.assert_allclose(found[0], expected, rtol=1e-6)

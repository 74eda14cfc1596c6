"""The summaries, read back from their files; training is not changed by them."""

import io

import keras
import numpy as np
import pandas as pd
import pytest
import tensorflow as tf

import keras_ser as ser
from keras_ser import audio, figures
from keras_ser.monitoring import Monitor, gradients, monitor

HEADS = ("emotion", "center", "augmentation", "reconstruction")
EPOCHS = 2
UTTERANCES = {"anger": "anger/toy/2-0", "sadness": "sadness/toy/2-1"}


@pytest.fixture(scope="module")
def data(spoken_table, tmp_path_factory):
    fold = ser.protocols.leave_one_speaker_out(spoken_table)["1"]
    store = ser.FeatureStore(tmp_path_factory.mktemp("cache"), ser.LogMel(n_mels=8))
    settings = {"seconds": 1.0, "batch": 6, "augment": ("mixup",)}
    return ser.Pipeline(fold, store, progress=False, **settings)


def new_model(data, **arguments):
    keras.utils.set_random_seed(0)
    model = ser.models.MTLAug(data.fold.classes, data.types, dimensions=8, **arguments)
    model.compile(keras.optimizers.Adam(1e-2), **model.objective())
    return model


def train(data, callbacks):
    model = new_model(data)
    model.fit(
        data.train(0, EPOCHS),
        steps_per_epoch=data.steps,
        epochs=EPOCHS,
        validation_data=data.dev(),
        callbacks=callbacks,
        shuffle=False,
        verbose=0,
    )
    return model


@pytest.fixture(scope="module")
def watched(data, tmp_path_factory):
    """A training with a monitor: the model, the monitor and the summaries."""
    monitor = Monitor(data, tmp_path_factory.mktemp("logs"), every=2)
    model = train(data, [monitor])
    return model, monitor, read(monitor.log_dir)


def read(folder) -> dict:
    """All summaries in a folder: a dictionary from tag to step to value."""
    found = {}
    for path in sorted(folder.glob("events.*")):
        for record in tf.data.TFRecordDataset(str(path)):
            event = tf.compat.v1.Event.FromString(record.numpy())
            for value in event.summary.value:
                tensor = tf.make_ndarray(value.tensor)
                found.setdefault(value.tag, {})[event.step] = tensor
    return found


def pixels(summary) -> np.ndarray:
    return tf.io.decode_png(summary[2]).numpy()


def drawn(draw, *given, **options) -> np.ndarray:
    stream = io.BytesIO()
    draw(*given, path=stream, **options)
    return tf.io.decode_png(stream.getvalue(), channels=3).numpy()


def test_training_stays_the_same_to_the_last_bit(data, watched):
    model, _, _ = watched
    alone = train(data, [])
    variables = model.variables + model.optimizer.variables
    others = alone.variables + alone.optimizer.variables
    assert len(variables) > 50
    for one, other in zip(variables, others, strict=True):
        np.testing.assert_array_equal(
            keras.ops.convert_to_numpy(one), keras.ops.convert_to_numpy(other)
        )


def test_every_tag_of_the_docstring_is_there_at_every_step(watched):
    _, _, found = watched
    pictures = {
        f"{tag}/{what}"
        for tag in UTTERANCES.values()
        for what in ("attention", "reconstruction")
    }
    norms = {f"gradient_norm/{head}" for head in HEADS}
    cosines = {f"gradient_cosine/{head}" for head in HEADS[1:]}
    sounds = {f"{tag}/audio" for tag in UTTERANCES.values()}
    repeated = {"confusion", "embedding"} | pictures | norms | cosines
    assert set(found) == repeated | sounds
    for tag in repeated:
        assert list(found[tag]) == [0, EPOCHS], tag  # first epoch and final model
    assert all(list(found[tag]) == [0] for tag in sounds)


def test_pictures_can_be_decoded_and_are_not_blank(watched):
    _, _, found = watched
    pictures = {tag: steps for tag, steps in found.items() if "gradient" not in tag}
    for tag, steps in pictures.items():
        if tag.endswith("audio"):
            continue
        for summary in steps.values():
            picture = pixels(summary)
            assert [int(side) for side in summary[:2]] == list(picture.shape[1::-1])
            assert picture.shape[2] == 3 and picture.max() == 255, tag
            assert picture.min() < 80, tag


def test_the_confusion_is_that_of_the_model_on_all_development_speech(data, watched):
    model, _, found = watched
    classes = data.fold.classes
    counts = np.zeros((len(classes), len(classes)), int)
    for features, labels, _ in data.dev():
        posterior = model.emotion_model.predict_on_batch(np.array(features))
        pairs = np.argmax(labels["emotion"], axis=1), posterior.argmax(axis=1)
        np.add.at(counts, pairs, 1)
    assert counts.sum() == len(data.fold.dev) == 12
    expected = drawn(
        figures.confusion_matrix, counts, classes, title="development speech"
    )
    np.testing.assert_array_equal(pixels(found["confusion"][EPOCHS]), expected)


@pytest.mark.parametrize("emotion", UTTERANCES)
def test_pictures_of_an_utterance_are_of_it_alone_without_padding(
    data, watched, emotion
):
    model, _, found = watched
    dev = data.fold.dev
    row = dev[dev.emotion == emotion].iloc[:1]
    # One utterance has no padding.
    features = np.array(next(iter(data.unaugmented(row)))[0])
    weights = model.attention_model.predict_on_batch(features)[0]
    output = model.predict_on_batch(features)["reconstruction"][0]
    tag = UTTERANCES[emotion]
    assert tag == f"{emotion}/{row.utterance.item()}"
    for name, draw, given in (
        ("attention", figures.attention, weights),
        ("reconstruction", figures.reconstruction, output),
    ):
        expected = drawn(draw, features[0], given, hop_seconds=0.01).astype(int)
        difference = expected - pixels(found[f"{tag}/{name}"][EPOCHS])
        assert (difference != 0).mean() < 0.02  # weights can differ by rounding


@pytest.mark.parametrize("emotion", UTTERANCES)
def test_the_sound_is_the_utterance_at_16_khz(data, watched, emotion):
    _, _, found = watched
    dev = data.fold.dev
    row = dev[dev.emotion == emotion].iloc[0]
    summary = found[f"{UTTERANCES[emotion]}/audio"][0]
    wave, rate = tf.audio.decode_wav(summary[0, 0])
    expected = audio.read(row.file)[:16_000]  # the pictures' window of one second
    assert rate == 16_000
    np.testing.assert_allclose(wave.numpy()[:, 0], expected, atol=1 / 2**15)


def test_scalars_are_the_rows_and_the_model_s_gradients(data, watched):
    model, monitor, found = watched
    table = pd.DataFrame(monitor.rows)
    assert list(table.step) == [0, EPOCHS]
    for tag in table.columns.drop("step"):
        values = [float(value) for value in found[tag].values()]
        np.testing.assert_allclose(values, table[tag], rtol=1e-6)
    batches = [
        keras.tree.map_structure(np.array, each) for each in data.train(0, 1).take(2)
    ]
    losses = model.objective()["loss"]
    direct = pd.DataFrame(
        [
            gradients.norms_and_cosines(gradients.head_gradients(model, losses, each))
            for each in batches
        ]
    )
    last = table.iloc[-1].drop("step").astype(float)
    np.testing.assert_allclose(last, direct.mean()[last.index], rtol=1e-3, atol=1e-5)
    assert (last.filter(like="norm") > 0).all()


def test_the_projector_has_every_utterance_and_center(data, watched):
    model, monitor, _ = watched
    vectors = np.loadtxt(monitor.log_dir / "tensors.tsv", delimiter="\t")
    names = pd.read_csv(monitor.log_dir / "metadata.tsv", sep="\t").fillna("")
    batches = [np.array(features) for features, _, _ in data.dev()]
    embeddings = np.concatenate(
        [model.embedding_model.predict_on_batch(each) for each in batches]
    )
    centers = keras.ops.convert_to_numpy(model.get_layer("center").centers)
    expected = np.concatenate([embeddings, centers])
    np.testing.assert_allclose(vectors, expected, rtol=1e-4, atol=1e-6)
    dev = data.fold.dev
    assert list(names.utterance) == [*dev.utterance, "center", "center"]
    assert list(names.emotion) == [*dev.emotion, *data.fold.classes]
    assert list(names.speaker) == [*dev.speaker, "", ""]


def test_tensorboard_reads_the_projector_s_files(watched):
    from google.protobuf import text_format
    from tensorboard.plugins import projector

    _, monitor, _ = watched
    text = (monitor.log_dir / "projector_config.pbtxt").read_text()
    parsed = text_format.Parse(text, projector.ProjectorConfig())
    (embedding,) = parsed.embeddings
    for name in (embedding.tensor_path, embedding.metadata_path):
        assert (monitor.log_dir / name).is_file()


def shown_without_training(data, folder, model, **arguments):
    """A monitor after one epoch in which the model did not change."""
    monitor = Monitor(data, folder, **arguments)
    monitor.set_model(model)
    monitor.on_train_begin()
    monitor.on_epoch_end(0)
    monitor.on_train_end()
    return monitor, read(folder)


def test_what_the_baseline_lacks_is_left_out(data, tmp_path):
    model = new_model(data, **ser.models.BASELINE)
    monitor, found = shown_without_training(data, tmp_path, model, points=5)
    kinds = {tag.rpartition("/")[2] for tag in found}
    assert kinds == {"confusion", "embedding", "attention", "audio", "emotion"}
    assert list(monitor.rows[0]) == ["step", "gradient_norm/emotion"]
    assert len(pd.read_csv(tmp_path / "metadata.tsv", sep="\t")) == 5  # no center


def test_a_model_without_our_encoder_shows_what_it_has(data, tmp_path):
    class Mean(keras.Model):
        heads = ("emotion",)

        def __init__(self):
            features = keras.Input((None, 8))
            pooled = keras.layers.GlobalAveragePooling1D()(features)
            output = keras.layers.Dense(2, activation="softmax")(pooled)
            super().__init__(features, {"emotion": output})

        @property
        def emotion_model(self):
            return keras.Model(self.input, self.output["emotion"])

    monitor, found = shown_without_training(data, tmp_path, Mean())
    assert {tag for tag in found if not tag.endswith("audio")} == {"confusion"}
    assert monitor.rows == []
    assert not list(tmp_path.glob("*.tsv"))


def test_a_model_that_is_not_finite_is_not_shown(data, tmp_path):
    model = new_model(data, **ser.models.BASELINE)
    model.get_layer("emotion").kernel.assign(np.full((128, 2), np.nan))
    _, found = shown_without_training(data, tmp_path, model)
    assert set(found) == {f"{tag}/audio" for tag in UTTERANCES.values()}


@pytest.mark.parametrize("name", ["every", "examples", "points", "batches"])
@pytest.mark.parametrize("number", [0, 1.5, True])
def test_numbers_below_one_are_rejected(name, number):
    with pytest.raises(ValueError, match=f"`{name}` must be an integer.*Received"):
        Monitor(None, "logs", **{name: number})


def test_the_projection_keeps_groups_apart_and_repeats(rng):
    groups = rng.normal(size=(2, 1, 16)) * 20
    points = (groups + rng.normal(size=(2, 15, 16))).reshape(30, 16)
    before = np.random.get_state()[1].copy()
    found = monitor.project_points(points)
    assert found.shape == (30, 2)
    distance = np.linalg.norm(found[:15].mean(axis=0) - found[15:].mean(axis=0))
    assert distance > 2 * found[:15].std(axis=0).max()
    np.testing.assert_array_equal(monitor.project_points(points), found)
    np.testing.assert_array_equal(np.random.get_state()[1], before)


@pytest.mark.parametrize("count", [2, 3])
def test_the_projection_of_very_few_points(count):
    points = np.arange(count * 4.0).reshape(count, 4)
    assert np.isfinite(monitor.project_points(points)).all()
    np.testing.assert_array_equal(monitor.project_points(np.ones((count, 4))), 0)

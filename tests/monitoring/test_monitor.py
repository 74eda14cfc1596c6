"""The summaries, read back from their files; training is not changed by them."""

import dataclasses
import io

import keras
import numpy as np
import pandas as pd
import pytest
import tensorflow as tf

import keras_ser as ser
from keras_ser import audio, callbacks, figures
from keras_ser.monitoring import Monitor, gradients

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


def train(data, callbacks, model=None):
    model = model or new_model(data)
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
        f"pictures/{tag}/{what}"
        for tag in UTTERANCES.values()
        for what in ("attention", "reconstruction")
    }
    norms = {f"gradient_norm/{head}" for head in HEADS}
    cosines = {f"gradient_cosine/{head}" for head in HEADS[1:]}
    sounds = {f"audio/{tag}" for tag in UTTERANCES.values()}
    single = {"emotion/confusion", "pictures/embedding"}
    assert set(found) == single | pictures | norms | cosines | sounds
    for tag, steps in found.items():  # first epoch and final model
        assert list(steps) == ([EPOCHS] if tag in sounds else [0, EPOCHS]), tag


def test_pictures_can_be_decoded_and_are_not_blank(watched):
    _, _, found = watched
    pictures = {tag: steps for tag, steps in found.items() if "gradient" not in tag}
    for tag, steps in pictures.items():
        if tag.startswith("audio"):
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
        figures.confusion_matrix, counts, classes, title="emotion, development speech"
    )
    np.testing.assert_array_equal(pixels(found["emotion/confusion"][EPOCHS]), expected)


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
    best = model.emotion_model.predict_on_batch(features)[0].argmax()
    title = f"{row.utterance.item()}, {emotion} → {data.fold.classes[best]}"
    style = {"hop_seconds": 0.01, "title": title}
    style["frequencies"] = data.preprocessing.front_end.frequencies
    tag = UTTERANCES[emotion]
    assert tag == f"{emotion}/{row.utterance.item()}"
    for name, draw, given in (
        ("attention", figures.attention, weights),
        ("reconstruction", figures.reconstruction, output),
    ):
        expected = drawn(draw, features[0], given, **style).astype(int)
        difference = expected - pixels(found[f"pictures/{tag}/{name}"][EPOCHS])
        assert (difference != 0).mean() < 0.02  # weights can differ by rounding


@pytest.mark.parametrize("emotion", UTTERANCES)
def test_the_sound_is_the_utterance_at_16_khz(data, watched, emotion):
    _, _, found = watched
    dev = data.fold.dev
    row = dev[dev.emotion == emotion].iloc[0]
    summary = found[f"audio/{UTTERANCES[emotion]}"][EPOCHS]
    wave, rate = tf.audio.decode_wav(summary[0, 0])
    expected = audio.read(row.file)[:16_000]  # the pictures' window of one second
    assert rate == 16_000
    np.testing.assert_allclose(wave.numpy()[:, 0], expected, atol=1 / 2**15)


def test_a_sound_has_its_label_and_its_prediction(data, watched):
    model, monitor, _ = watched
    for emotion, tag in UTTERANCES.items():
        row = data.fold.dev[data.fold.dev.emotion == emotion].iloc[:1]
        features = np.array(next(iter(data.unaugmented(row)))[0])
        best = model.emotion_model.predict_on_batch(features)[0].argmax()
        expected = f"{row.utterance.item()}, {emotion} → {data.fold.classes[best]}"
        assert described(monitor.log_dir)[f"audio/{tag}"] == expected


def described(folder) -> dict[str, str]:
    """The descriptions of summaries by tag."""
    found = {}
    for path in sorted(folder.glob("events.*")):
        for record in tf.data.TFRecordDataset(str(path)):
            event = tf.compat.v1.Event.FromString(record.numpy())
            for value in event.summary.value:
                found[value.tag] = value.metadata.summary_description
    return found


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
    for column in ("corpus", "speaker", "gender", "language"):
        assert list(names[column]) == [*dev[column], "", ""]


def test_tensorboard_reads_the_projector_s_files(watched):
    from google.protobuf import text_format
    from tensorboard.plugins import projector

    _, monitor, _ = watched
    text = (monitor.log_dir / "projector_config.pbtxt").read_text()
    parsed = text_format.Parse(text, projector.ProjectorConfig())
    coloured, plain = parsed.embeddings
    assert sorted([plain.tensor_name, coloured.tensor_name])[0] == coloured.tensor_name
    assert not plain.sprite.image_path
    read = {each.tensor_path for each in parsed.embeddings}
    read |= {each.metadata_path for each in parsed.embeddings}
    for name in (*read, coloured.sprite.image_path):
        assert (monitor.log_dir / name).is_file()


def test_a_run_can_be_removed_with_all_that_the_monitor_wrote(watched):
    from keras_ser.experiments import removal

    _, monitor, _ = watched
    names = [path.name for path in monitor.log_dir.rglob("*") if path.is_file()]
    assert {"sprites.png", "tensors.tsv"} < set(names)
    assert all(removal.LOG_FILES.fullmatch(name) for name in names)


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
    kinds = {tag.rpartition("/")[2] for tag in found if not tag.startswith("audio")}
    assert kinds == {"confusion", "embedding", "attention", "emotion"}
    assert list(monitor.rows[0]) == ["step", "gradient_norm/emotion"]
    assert len(pd.read_csv(tmp_path / "metadata.tsv", sep="\t")) == 5  # no center


class Pooled(ser.models.SpeechModel):
    """One linear layer per task on the mean of the frames, without an encoder."""

    def __init__(self, tasks):
        features = keras.Input((None, 8))
        mean = keras.layers.GlobalAveragePooling1D()(features)
        outputs = {}
        for task in tasks:
            end = "softmax" if task.classes else None
            layer = keras.layers.Dense(task.size, activation=end, name=task.name)
            outputs[task.name] = layer(mean)
        super().__init__(inputs=features, outputs=outputs, tasks=tasks, embedding=mean)


def dev_labels(data, model, head):
    """Labels and outputs of the development speech on one head."""
    batches = [(np.array(x), labels[head]) for x, labels, _ in data.dev()]
    outputs = [model.predict_on_batch(features)[head] for features, _ in batches]
    return np.concatenate([y for _, y in batches]), np.concatenate(outputs)


GENDER = ser.tasks.Classification("gender", ("female", "male"), adversarial=True)
EMOTION = ser.tasks.Classification("emotion", ("anger", "sadness"))


@pytest.fixture(scope="module")
def attributes(spoken_table, tmp_path_factory):
    """A function from tasks to data with a valence that two of 12 dev rows lack."""
    valence = np.arange(len(spoken_table)) / len(spoken_table)
    table = spoken_table.assign(valence=valence)
    fold = ser.protocols.leave_one_speaker_out(table)["1"]
    dev = fold.dev
    dev.loc[[0, 7], "valence"] = np.nan
    fold = dataclasses.replace(fold, dev=dev)
    store = ser.FeatureStore(tmp_path_factory.mktemp("cache"), ser.LogMel(n_mels=8))
    settings = {"seconds": 1.0, "batch": 6, "progress": False}
    return lambda *tasks: ser.Pipeline(fold, store, tasks=tasks, **settings)


def test_a_model_without_our_encoder_shows_what_it_has(data, tmp_path):
    monitor, found = shown_without_training(data, tmp_path, Pooled([EMOTION]))
    tags = {tag for tag in found if not tag.startswith("audio")}
    assert tags == {"emotion/confusion", "pictures/embedding"}
    assert monitor.rows == []


def test_every_scored_head_has_a_picture(attributes, tmp_path):
    tasks = (EMOTION, GENDER, ser.tasks.Regression("valence"))
    data, model = attributes(*tasks), Pooled(tasks)
    _, found = shown_without_training(data, tmp_path, model)
    tags = {tag for tag in found if not tag.startswith("audio")}
    others = {"gender/confusion", "valence/truth_and_prediction"}
    assert tags == {"emotion/confusion", "pictures/embedding"} | others
    truth, outputs = dev_labels(data, model, "gender")
    pairs = truth.argmax(axis=1), outputs.argmax(axis=1)
    counts = np.zeros((2, 2), int)
    np.add.at(counts, pairs, 1)
    expected = drawn(
        figures.confusion_matrix,
        counts,
        GENDER.classes,
        title="gender, development speech",
    )
    np.testing.assert_array_equal(pixels(found["gender/confusion"][0]), expected)
    truth, outputs = dev_labels(data, model, "valence")
    known = np.isfinite(data.fold.dev.valence.to_numpy())
    assert known.sum() == len(known) - 2
    expected = drawn(
        figures.truth_and_prediction,
        truth[known, 0],
        outputs[known, 0],
        title="valence, development speech",
    )
    picture = pixels(found["valence/truth_and_prediction"][0])
    np.testing.assert_array_equal(picture, expected)


def test_a_main_head_for_a_number_divides_the_speech_into_thirds(attributes, tmp_path):
    tasks = (ser.tasks.Regression("valence"), EMOTION)
    data = attributes(*tasks)
    _, found = shown_without_training(data, tmp_path, Pooled(tasks))
    groups = {tag.rpartition("/")[0] for tag in found if tag.startswith("audio")}
    tags = {tag for tag in found if not tag.startswith("audio")}
    assert groups >= {f"audio/{each}/toy" for each in ("low", "middle", "high")}
    assert tags == {
        *("valence/truth_and_prediction", "emotion/confusion", "pictures/embedding"),
    }
    metadata = pd.read_csv(tmp_path / "metadata.tsv", sep="\t")
    labelled = data.fold.dev[data.fold.dev.valence.notna()]
    assert list(metadata) == [
        *("valence", "emotion", "corpus", "speaker", "gender", "language"),
        "utterance",
    ]
    assert list(metadata.utterance) == list(labelled.utterance)
    np.testing.assert_allclose(metadata.valence, labelled.valence)


@pytest.mark.parametrize("column", ["emotion", "gender"])
def test_centers_are_drawn_in_the_colours_of_their_own_classes(
    attributes, tmp_path, column
):
    """Centers of another column than the main head's have no colour."""
    classes = {"emotion": ("anger", "sadness"), "gender": ("female", "male")}[column]
    pulled = ser.tasks.Centers("pulled", classes, column=column)

    class Centered(ser.models.SpeechModel):
        def __init__(self):
            features = keras.Input((None, 8))
            mean = keras.layers.GlobalAveragePooling1D()(features)
            outputs = {
                "emotion": keras.layers.Dense(2, activation="softmax")(mean),
                "pulled": ser.layers.ClassCenters(2, name="pulled")(mean),
            }
            tasks = (EMOTION, pulled)
            super().__init__(
                inputs=features, outputs=outputs, tasks=tasks, embedding=mean
            )

    shown_without_training(attributes(EMOTION, pulled), tmp_path, Centered())
    metadata = pd.read_csv(tmp_path / "metadata.tsv", sep="\t").fillna("")
    stars = metadata[metadata.utterance == "center"]
    assert list(stars.emotion) == (list(classes) if column == "emotion" else [])


def train_with_averages(data, watchers, folder):
    """Trains two linear heads.

    Args:
        data: Pipeline with these two tasks.
        watchers: Function from an `AverageWeights` to the callbacks after it.
        folder: Folder of the summaries that the callbacks may write.

    Returns:
        The model, and the pictures of its second head after the last epoch and at the
        end.
    """
    keras.utils.set_random_seed(0)
    model, averaging = Pooled(data.tasks), callbacks.AverageWeights(0.5)
    model.compile(keras.optimizers.SGD(0.1), **model.objective())
    train(data, [averaging, *watchers(averaging)], model)
    pictures = read(folder).get("valence/truth_and_prediction", {})
    return model, [pictures.get(step) for step in (EPOCHS - 1, EPOCHS)]


def test_averages_are_shown_and_change_nothing(attributes, tmp_path):
    """At the end of the training the model has the averages anyway."""
    data = attributes(EMOTION, ser.tasks.Regression("valence"))
    plain, _ = train_with_averages(data, lambda averaging: [], tmp_path)
    watched, (last, final) = train_with_averages(
        data,
        lambda each: [callbacks.OnAverages(each, [Monitor(data, tmp_path, 1)])],
        tmp_path,
    )
    np.testing.assert_array_equal(last, final)
    for one, other in zip(plain.variables, watched.variables, strict=True):
        np.testing.assert_array_equal(
            keras.ops.convert_to_numpy(one), keras.ops.convert_to_numpy(other)
        )


def test_without_averaging_the_weights_themselves_are_shown(attributes, tmp_path):
    data = attributes(EMOTION, ser.tasks.Regression("valence"))
    _, (last, final) = train_with_averages(
        data, lambda averaging: [Monitor(data, tmp_path, 1)], tmp_path
    )
    assert last[2] != final[2]


def test_a_model_that_is_not_finite_is_not_shown(data, tmp_path):
    model = new_model(data, **ser.models.BASELINE)
    model.get_layer("emotion").kernel.assign(np.full((128, 2), np.nan))
    _, found = shown_without_training(data, tmp_path, model)
    assert found == {}


@pytest.mark.parametrize("name", ["every", "examples", "points", "batches"])
@pytest.mark.parametrize("number", [0, 1.5, True])
def test_numbers_below_one_are_rejected(name, number):
    with pytest.raises(ValueError, match=f"`{name}` must be an integer.*Received"):
        Monitor(None, "logs", **{name: number})

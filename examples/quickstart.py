"""Train MTL-AUG with plain Keras, and recognise emotions in audio files.

On synthetic speech, with one test speaker.
Command: python examples/quickstart.py
To see that it runs, with two epochs: --smoke
"""

import os
import sys

os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")  # before TensorFlow loads

import keras

import keras_ser as ser

epochs = 2 if "--smoke" in sys.argv else 12
keras.utils.set_random_seed(0)

table = ser.corpora.read("synthetic", "cache")
fold = ser.protocols.leave_one_speaker_out(table)["s04"]
store = ser.FeatureStore("cache/features", ser.LogMel())
data = ser.Pipeline(fold, store, seconds=4.0, augment=("speed", "specaugment", "mixup"))

model = ser.models.MTLAug(fold.classes, data.types, preset="small")
model.compile(keras.optimizers.Adam(1e-3), **model.objective(auxiliary=0.3))
model.fit(
    data.train(0, epochs),
    steps_per_epoch=data.steps,
    epochs=epochs,
    validation_data=data.dev(),
    callbacks=[ser.callbacks.HalveAndRestore("val_emotion_accuracy", patience=5)],
    shuffle=False,
)

recogniser = ser.Recogniser(model, data.preprocessing)
print(ser.evaluation.score(recogniser, fold.tests["test"]))
print(recogniser.predict(fold.tests["test"].file[:3]))

"""The command line: `keras-ser <command> …`."""

from keras_ser.cli.main import entry

__all__ = ["entry"]

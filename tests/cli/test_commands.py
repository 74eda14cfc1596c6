"""What commands print of the results of the package's functions."""

import pytest

from keras_ser import experiments
from keras_ser.cli import main as cli


@pytest.mark.parametrize("verify", [True, False])
def test_verified_features_are_counted(capsys, monkeypatch, tmp_path, verify):
    def prepare(config, verification, **options):
        assert (verification is not None) == verify
        if verify:
            verification.add("cache/a.f16", True)
            verification.add("cache/b.f16", False)
        return 1, []

    monkeypatch.setattr(experiments, "prepare_features", prepare)
    words = ["features", "config.py", "--cache", str(tmp_path)]
    arguments = cli.parser().parse_args(words + ["--verify"] * verify)
    assert cli.main(arguments) == 0
    printed = capsys.readouterr().out
    assert "1 entries extracted" in printed
    line = "1 entries are right, 1 were damaged: cache/b.f16."
    assert (line in printed) == verify

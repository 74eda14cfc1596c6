"""A report says which folds and repeats no system has been run on."""

import pytest
from toy_runs import predictions, report_text, write

from keras_ser.reports.missing import missing_texts
from keras_ser.reports.reading import read_runs


def incomplete(path):
    return missing_texts(read_runs(path))


def write_jobs(root, jobs, systems=("baseline", "mtl"), **metrics):
    for fold, repeat in jobs:
        for system in systems:
            write(root, predictions(system, fold, repeat), **metrics)
    return root


def test_complete_runs_lack_nothing(tmp_path):
    jobs = [("03", 0), ("08", 0), ("03", 1), ("08", 1)]
    write_jobs(tmp_path, jobs, folds=["03", "08"])
    assert incomplete(tmp_path) == []
    assert "not complete" not in report_text(tmp_path, tmp_path / "out")


def test_a_repeat_that_was_interrupted_is_named(tmp_path):
    write_jobs(tmp_path, [("03", 0), ("08", 0), ("10", 0), ("03", 1)])
    expected = (
        "WARNING: toy is not complete. No system has fold 08 repeat 1, fold 10 repeat "
        "1. The utterances of other folds count more often in scores over all repeats."
    )
    assert incomplete(tmp_path) == [expected]
    assert expected in report_text(tmp_path, tmp_path / "out")


def test_folds_that_were_never_run_are_named(tmp_path):
    folds = [f"{number:02d}" for number in range(3, 30)]
    write_jobs(tmp_path, [("03", 0), ("08", 0)], folds=folds)
    (found,) = incomplete(tmp_path)
    assert "The scores are about 2 of 27 folds." in found
    assert "on the folds 04, 05, 06, 07, 09," in found
    assert found.endswith(" and 13 more.")


def test_what_only_one_system_lacks_is_said_elsewhere(tmp_path):
    write_jobs(tmp_path, [("03", 0), ("08", 0)])
    write_jobs(tmp_path, [("03", 1), ("08", 1)], systems=["mtl"])
    assert incomplete(tmp_path) == []
    assert "† baseline lacks" in report_text(tmp_path, tmp_path / "out")


@pytest.mark.parametrize("folds", ["03", [3], {"03": 1}])
def test_what_is_no_list_of_names_is_rejected(tmp_path, folds):
    write(tmp_path, predictions("mtl", "03"), folds=folds)
    with pytest.raises(ValueError, match="`folds` with a list of names"):
        incomplete(tmp_path)

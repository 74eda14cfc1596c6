"""Which files of a folder count."""

import pytest

from keras_ser.utils.walk import visible_files


def test_hidden_files_are_left_out_and_linked_folders_are_followed(tmp_path):
    inside, outside = tmp_path / "inside", tmp_path / "outside"
    for folder in (inside / "a", inside / ".git", inside / "__MACOSX", outside):
        folder.mkdir(parents=True)
        (folder / "one.wav").touch()
    (inside / "a" / "._one.wav").touch()
    (inside / "link").symlink_to(outside)
    (inside / "a" / "up").symlink_to(inside)  # would never end
    found = sorted(
        each.relative_to(inside).as_posix() for each in visible_files(inside)
    )
    assert found == ["a/one.wav", "link/one.wav"]


def test_a_folder_has_its_own_path_or_that_of_the_first_link(tmp_path):
    for folder in ("tree/x/real", "tree/z", "outside"):
        (tmp_path / folder).mkdir(parents=True)
        (tmp_path / folder / "one.wav").touch()
    links = {"tree/a": "tree/x/real", "tree/z/link": "outside", "tree/link": "outside"}
    for link, target in links.items():
        (tmp_path / link).symlink_to(tmp_path / target)
    with pytest.warns(UserWarning) as caught:
        found = list(visible_files(tmp_path / "tree"))
    names = [each.relative_to(tmp_path / "tree").as_posix() for each in found]
    assert names == ["x/real/one.wav", "z/one.wav", "link/one.wav"]
    said = [str(each.message).replace(f"{tmp_path}/tree/", "") for each in caught]
    assert [each.split(". ")[0] for each in said] == [
        "The folder a is the same as x/real",
        "The folder z/link is the same as link",
    ]

"""Which files of a folder count."""

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

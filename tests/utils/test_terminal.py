"""Tables are printed whole: one line per row, or wrapped on a terminal."""

import io
import re
import sys

from keras_ser.utils import terminal

HEADER = ["System", "UAR % [95 % interval]"]
ROWS = [["baseline", "67.7 [57.9, 77.5] ‡"], ["a [bold]name[/bold]", "74.0"]]


def test_in_a_file_each_row_is_one_line(capsys):
    wide = [*ROWS, ["x" * 150, "1.0"]]
    terminal.print_table("A title", HEADER, wide)
    lines, widths = capsys.readouterr().out.splitlines(), set()
    assert lines[0].strip() == "A title"
    for name, score in wide:
        (line,) = [each for each in lines if each.strip().startswith(name)]
        assert line.rstrip().endswith(score)
        widths.add(len(line.rstrip()))
    assert len(widths) == 1  # scores are aligned to the right


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_on_a_terminal_it_is_no_wider(monkeypatch):
    screen = Terminal()
    monkeypatch.setattr(sys, "stdout", screen)
    monkeypatch.setenv("COLUMNS", "30")
    monkeypatch.setenv("NO_COLOR", "1")
    terminal.print_table("A title", HEADER, ROWS)
    text = re.sub(r"\x1b\[[\d;]*m", "", screen.getvalue())
    assert max(map(len, text.splitlines())) <= 30
    assert "[bold]" in text

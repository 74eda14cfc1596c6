"""CSV and JSON lines as frames of text."""

import pytest

from keras_ser.corpora.own import lists


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
def test_the_separator_is_found(tmp_path, separator):
    path = tmp_path / "a.csv"
    rows = ["file", "speaker"], ["a.wav", "0,1;2"], ["b.wav", '"x"']
    path.write_text("\n".join(separator.join(_quoted(c) for c in row) for row in rows))
    frame = lists.read_csv(path, "csv")
    assert frame.values.tolist() == [["a.wav", "0,1;2"], ["b.wav", '"x"']]
    assert list(frame.columns) == ["file", "speaker"]


def _quoted(cell):
    return '"' + cell.replace('"', '""') + '"'


def test_rows_have_the_numbers_of_an_editor(tmp_path):
    path = tmp_path / "a.csv"
    path.write_bytes(b'\xef\xbb\xbffile,text\r\n\r\na.wav,"x\r\ny"\r\nb.wav,\r\n')
    frame = lists.read_csv(path, "csv")
    assert list(frame.index) == [4, 5]
    assert frame.text.tolist() == ["x\r\ny", ""]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "a first line with the names of the columns"),
        (b",\n", "a first line with the names of the columns"),
        (b"file,file\na,b\n", "a first line with the names of the columns"),
        (b"file,text\na\n", r"2 cells in each row, .*\. Received: .* with 1 in row 2"),
        (b"file,text\na,b\na,b,c\n", "with 3 in row 3"),
        (b"file\n\xff\xfe\n", "a text file in UTF-8"),
        (b'a,b\n1,"x\n2,y\n', r"with line 3 \(unexpected end of data\). Remove the q"),
        (b'a,b\n1,"x\n2,"y\n', r"with line 3 \(',' expected after"),
        (
            b'a,b\n1.wav,"x\n2.wav,y\n3.wav,"\n4.wav,z\n',
            "with '2.wav,y' in a cell that e",
        ),
    ],
)
def test_a_file_that_is_not_csv_is_rejected(tmp_path, content, reason):
    path = tmp_path / "a.csv"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=reason):
        lists.read_csv(path, "csv")


def test_a_transcript_may_have_lines_with_commas(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text('file,text\na.wav,"Well,\nyes, no"\nb.wav,"so\nit, is.wav"\n')
    with pytest.raises(ValueError, match="with 'it, is.wav' in a cell"):
        lists.read_csv(path, "csv")
    path.write_text('file,text\na.wav,"Well,\nyes, no"\n')
    assert lists.read_csv(path, "csv").text.tolist() == ["Well,\nyes, no"]


def test_an_oversized_cell_is_rejected(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text(f'file\n"{"x" * 200_000}"\n')
    with pytest.raises(ValueError, match="expects a CSV file"):
        lists.read_csv(path, "csv")


def test_json_may_hold_signs_that_end_a_line_elsewhere(tmp_path):
    path = tmp_path / "a.jsonl"
    path.write_text('{"text": "x\u2028y\x85z"}\r\n{"text": "\u2029"}\n', "utf-8")
    frame = lists.read_jsonl(path, "emobox")
    assert frame.text.tolist() == ["x\u2028y\x85z", "\u2029"]


def test_json_lines_become_text_without_missing_cells(tmp_path):
    path = tmp_path / "a.jsonl"
    path.write_text('{"wav": "a", "length": 3.5}\n\n{"wav": "b", "emo": null}\n')
    frame = lists.read_jsonl(path, "emobox")
    assert frame.to_dict("list") == {
        "wav": ["a", "b"],
        "length": ["3.5", ""],
        "emo": ["", ""],
    }
    assert list(frame.index) == [1, 3]


@pytest.mark.parametrize("line", ["{", "[1]", "3", "nothing", '{"a": NaN', "[" * 9999])
def test_a_line_that_is_not_an_object_is_rejected(tmp_path, line):
    path = tmp_path / "a.jsonl"
    path.write_text(f'{{"wav": "a"}}\n{line}\n')
    with pytest.raises(ValueError, match="a JSON object in each line.* with line 2"):
        lists.read_jsonl(path, "emobox")


@pytest.mark.parametrize("text", ["[]", "{", "\x00"])
def test_a_file_that_is_not_an_object_is_rejected(tmp_path, text):
    path = tmp_path / "a.json"
    path.write_text(text)
    with pytest.raises(ValueError, match="expects a JSON object"):
        lists.read_object(path, "emobox")


def test_a_folder_is_not_text(tmp_path):
    with pytest.raises(ValueError, match="a text file in UTF-8"):
        lists.read_csv(tmp_path, "csv")

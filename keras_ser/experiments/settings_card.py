"""The settings of a run as TensorBoard shows them."""

import json
from pathlib import Path

from keras_ser.utils import files

UNSHOWN = ("data", "tasks")  # digests, and what the model says itself


def settings_card(folder: str | Path) -> str:
    """The settings of a run as a table in Markdown.

    Args:
        folder: The folder of a run; without a `config.json`, the card is empty.
    """
    path = Path(folder) / "config.json"
    if not path.is_file():
        return ""
    lines = ["| setting | value |", "|---|---|"]
    for key, value in files.read_object(path).items():
        if key in UNSHOWN:
            continue
        rows = value if isinstance(value, dict) and value else {"": value}
        for name, each in rows.items():
            title = f"{key}.{name}" if name else key
            text = each if isinstance(each, str) else json.dumps(each)
            cell = " ".join(text.split()).replace("|", "\\|")
            lines.append(f"| {title} | {cell} |")
    return "\n".join(lines)

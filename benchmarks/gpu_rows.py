"""The rows of a GPU benchmark: written as they come, and read again for the tables."""

import json
import shutil
from pathlib import Path

RESULTS = Path(__file__).parent / "results"


class Rows:
    """The rows of a folder.

    Args:
        folder: Folder for `gpu.jsonl`, `gpu.md` and `gpu.log`. Rows that it has are
            kept.
    """

    def __init__(self, folder: Path):
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.path = folder / "gpu.jsonl"
        self.log = (folder / "gpu.log").open("a", encoding="utf-8")
        text = self.path.read_text("utf-8") if self.path.exists() else ""
        self.rows = [json.loads(line) for line in text.splitlines() if line]

    @property
    def run(self) -> int:
        """The number of the run. Each starts with a row that describes the machine."""
        return sum(row["part"] == "machine" for row in self.rows)

    def add(self, **row) -> None:
        """Append a row to the file, and write the tables again."""
        self.add_all([row])

    def add_all(self, rows: list[dict]) -> None:
        run = self.run + (rows[0]["part"] == "machine" if rows else 0)
        rows = [{"run": run, **row} for row in rows]
        with self.path.open("a", encoding="utf-8") as file:
            file.writelines(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
        self.rows += rows
        self.report()

    def find(self, **values) -> list[dict]:
        """The rows with these values."""
        return [
            row
            for row in self.rows
            if all(row.get(key) == value for key, value in values.items())
        ]

    def report(self, keep: bool = False) -> None:
        """Write `gpu.md`.

        Args:
            keep: Whether to write the tables and the rows to benchmarks/results/ too,
                from which docs/performance.md includes them.
        """
        import gpu_report  # needs NumPy

        tables = gpu_report.tables_of(self.rows)
        text = "\n\n".join(f"## {title}\n\n{body}" for title, body in tables.values())
        (self.folder / "gpu.md").write_text(f"{text}\n", encoding="utf-8")
        if not keep:
            return
        if any(row.get("tiny") for row in self.rows):
            raise SystemExit("Rows of --tiny measure nothing, so they are not kept.")
        for name, (_, body) in tables.items():
            (RESULTS / f"{name}.md").write_text(f"{body}\n", encoding="utf-8")
        shutil.copyfile(self.path, RESULTS / "gpu.jsonl")

    def status(self) -> int:
        """The exit status: 1 if a comparison failed, otherwise 0."""
        import gpu_report

        return int(bool(gpu_report.failures(self.rows)))

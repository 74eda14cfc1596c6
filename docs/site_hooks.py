"""Hooks of the site: pages from elsewhere in the project, and links to its files.

Documents link to each other by their places in the project. Here such a link becomes
one between pages, or, to a file that is no page, the path of that file.
"""

import os
import re
from pathlib import Path

from mkdocs.structure.files import File

ROOT = Path(__file__).parents[1]
OTHER_PAGES = ("examples/README.md", "CONTRIBUTING.md", "CHANGELOG.md")
LINK = re.compile(r"(!?)\[([^\]]*)\]\(([^)\s]+)\)")
FENCE = re.compile(r"(^```.*?^```$)", re.DOTALL | re.MULTILINE)


def on_config(config):
    """Lists the studies and the reports in the navigation."""
    for part in config["nav"]:
        for entries in part.values():
            for entry in entries:
                if isinstance(entry, dict):
                    for name, pages in entry.items():
                        entry[name] = [each for p in pages for each in _expand(p)]
    return config


def _expand(page: str) -> list[str]:
    if page == "results/*.md":
        found = sorted((ROOT / "results").glob("*/*/*.md"))
        return [path.relative_to(ROOT).as_posix() for path in found]
    if "*" in page:
        found = sorted((ROOT / "docs").glob(page))
        return [path.relative_to(ROOT / "docs").as_posix() for path in found]
    return [page]


def on_files(files, config):
    """Adds the pages and pictures that are not below docs/."""
    others = [ROOT / each for each in OTHER_PAGES]
    for kind in ("md", "png"):
        others += sorted((ROOT / "results").rglob(f"*.{kind}"))
    for path in others:
        name = path.relative_to(ROOT).as_posix()
        files.append(File.generated(config, name, abs_src_path=str(path)))
    return files


def on_page_markdown(markdown, page, config, files):
    """Rewrites the links of a page, except in code."""
    parts = FENCE.split(markdown)
    parts[::2] = [
        LINK.sub(lambda match: _rewritten(match, page, files), text)
        for text in parts[::2]
    ]
    return "".join(parts)


def _rewritten(match, page, files) -> str:
    image, text, target = match.groups()
    address, mark, anchor = target.partition("#")
    if not address or "://" in address or address.startswith("mailto:"):
        return match[0]
    path = Path(os.path.normpath(Path(page.file.abs_src_path).parent / address))
    if not path.exists() or not path.is_relative_to(ROOT):
        return match[0]  # a strict build reports it
    name = path.relative_to(ROOT).as_posix()
    source = name.removeprefix("docs/")
    if files.get_file_from_path(source):
        folder = os.path.dirname(page.file.src_uri)
        return f"{image}[{text}]({os.path.relpath(source, folder)}{mark}{anchor})"
    return f"{text} (`{name}`)" if name not in text else text

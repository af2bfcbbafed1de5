"""Files that are replaced in one step."""

from __future__ import annotations

from pathlib import Path

import pytest

from models.atomic_write import write_atomically


def test_the_content_replaces_the_file_and_leaves_nothing_beside_it(tmp_path: Path) -> None:
    file = tmp_path / "new folder" / "figures.json"
    for content in ("first", "second"):
        write_atomically(file, lambda partial, content=content: partial.write_text(content))
        assert file.read_text() == content
        assert list(file.parent.iterdir()) == [file]


def test_a_write_that_fails_half_way_leaves_the_old_file_whole(tmp_path: Path) -> None:
    file = tmp_path / "figures.json"
    file.write_text("old")

    def write_a_part(partial: Path) -> None:
        partial.write_text("ne")
        raise OSError("the disk is full")

    with pytest.raises(OSError, match="full"):
        write_atomically(file, write_a_part)
    assert file.read_text() == "old"

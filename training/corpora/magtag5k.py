"""MagTag5K: MagnaTagATune without repeats, contradictions and rare tags (5,259 clips, 136 tags).

Layout: MagnaTagATune's own annotation table (`training.corpora.mtat`): ``annotations_final.csv``,
tab-separated with a header: ``clip_id``, a column a tag with 0 or 1, ``mp3_path``. The counts are checked
instead of checksums, because none are on record.
"""

from __future__ import annotations

from pathlib import Path

from models.errors import CorpusError
from training.corpora.mtat import ANNOTATIONS, locate_annotations, read_annotations
from training.corpora.published import digests
from training.corpus import Provenance, TagCorpus

SOURCE = "University of Lisbon, derived from MagnaTagATune: http://tl.di.fc.ul.pt/t/magtag5k.zip"
CITATION = (
    "G. Marques, M. A. Domingues, T. Langlois, F. Gouyon: Three current issues in music autotagging. "
    "ISMIR 2011"
)
LICENCE = "that of MagnaTagATune, from which it is derived: CC BY-NC-SA 3.0"
CHECKSUMS = {ANNOTATIONS: None}
DOWNLOAD = None  # no address that can be relied on
DOCUMENTS = "5,259 clips"
LAYOUT = f"a folder with {ANNOTATIONS} in MagnaTagATune's layout, or that file"

N_DOCUMENTS = 5259
N_TAGS = 136


def load(path: Path | str | None) -> TagCorpus:
    """Load MagTag5K; documents are clips, groups are artists.

    Raises
    ------
    CorpusError
        If the file is missing, a line is not as the layout says, or it is not 5,259 clips over 136
        tags: figures of any other collection must not pass for MagTag5K's.
    """
    file = locate_annotations(path, LAYOUT)
    keys, documents = read_annotations(file)
    if (len(documents), len(keys)) != (N_DOCUMENTS, N_TAGS):
        raise CorpusError(
            f"{file} holds {len(documents)} clips over {len(keys)} tags; MagTag5K has {N_DOCUMENTS} over "
            f"{N_TAGS} (load other MagnaTagATune tables as mtat)"
        )
    found = digests({file.name: file}, CHECKSUMS, copy="none")
    return TagCorpus.from_documents(
        "magtag5k", documents, Provenance(SOURCE, CITATION, LICENCE, found), index_to_key=keys
    )

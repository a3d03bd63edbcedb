"""Write resolution profiles as tables and as JSON."""

from __future__ import annotations

import csv
import json
from typing import IO

from mapeq.result.profile import ResolutionProfile


def write_profile_csv(profile: ResolutionProfile, stream: IO[str], delimiter: str = ",") -> None:
    """Write a header, and the columns of :meth:`mapeq.ResolutionProfile.columns`; None is an empty field."""
    writer = csv.writer(stream, delimiter=delimiter, lineterminator="\n")
    columns = profile.columns()
    writer.writerow(columns)
    writer.writerows(zip(*columns.values(), strict=True))


def write_profile_tsv(profile: ResolutionProfile, stream: IO[str]) -> None:
    """Write as :func:`write_profile_csv`, with tabs."""
    write_profile_csv(profile, stream, "\t")


def write_profile_json(profile: ResolutionProfile, stream: IO[str]) -> None:
    """Write :meth:`mapeq.ResolutionProfile.summary`."""
    stream.write(json.dumps(profile.summary(), indent=1, ensure_ascii=False) + "\n")

"""Jets as a source of events: the files of the top-tagging reference data set, and a generator."""

from __future__ import annotations

from trigger.events.jet_batch import JetBatch
from trigger.events.source import EventSource, Source
from trigger.events.top_jets_generator import (
    CHUNK_JETS,
    CLASSES,
    GENERATOR_VERSION,
    JetOptions,
    generate_chunk,
)
from trigger.events.top_jets_hdf5 import read, write


def _notes(options: JetOptions) -> tuple[str, ...]:
    return (
        f"The jets ({options.pt_min_gev:g} to {options.pt_max_gev:g} GeV) are generated with "
        "Pythia 8 and a detector after the Delphes card of ATLAS. They are slightly easier to tell "
        "apart than those of the public reference data set, whose range of hard scattering and "
        "program versions are not all known: figures may be compared with published ones only "
        "after a run on its files.",
    )


SOURCE = Source(
    kind=EventSource.TOP_JETS,
    summary="jets of top quarks and of light quarks and gluons at 14 TeV, as constituents",
    batch=JetBatch,
    classes=CLASSES,
    options=JetOptions,
    version=GENERATOR_VERSION,
    chunk_events=CHUNK_JETS,
    generate_chunk=generate_chunk,
    read=read,
    write=write,
    suffixes=(".h5", ".hdf5"),
    notes=_notes,
)

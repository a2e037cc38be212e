"""Three hand-written sample projects, and a simulated team that has worked on them."""

from app.samples.history import SimulatedAnnotation, Suggested, simulate
from app.samples.load import Sample, load_sample, sample_keys
from app.samples.pictures import draw_pictures

__all__ = [
    "Sample",
    "SimulatedAnnotation",
    "Suggested",
    "draw_pictures",
    "load_sample",
    "sample_keys",
    "simulate",
]

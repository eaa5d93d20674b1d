"""QKeras -> hls4ml -> HLS project and Network: the only room that knows hls4ml."""

from trigger.convert.check import check_design
from trigger.convert.conversion import Conversion, convert, rehearse

__all__ = ["Conversion", "check_design", "convert", "rehearse"]

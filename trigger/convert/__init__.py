"""QKeras -> hls4ml -> HLS project and Network: the only room that knows hls4ml."""

from trigger.convert.conversion import Conversion, convert

__all__ = ["Conversion", "convert"]

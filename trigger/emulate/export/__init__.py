"""The emulator for other frameworks: C source and a shared library that need no Python."""

from trigger.emulate.export.write import Emulator, build_emulator, write_emulator

__all__ = ["Emulator", "build_emulator", "write_emulator"]

"""Bytes of flash and of RAM that a program's ELF file asks for, stack aside: python3 size.py FILE"""

import struct
import sys

RAM = 0x20000000  # where it begins on a Cortex-M
PROGBITS, NOBITS, ALLOC = 1, 8, 2

data = open(sys.argv[1], "rb").read()
at, = struct.unpack_from("<I", data, 0x20)
size, count = struct.unpack_from("<HH", data, 0x2E)
flash = ram = 0
for i in range(count):
    _, kind, flags, address, _, length = struct.unpack_from("<6I", data, at + i * size)
    if flags & ALLOC:
        ram += length if address >= RAM else 0
        flash += length if kind != NOBITS else 0
print(flash, ram)

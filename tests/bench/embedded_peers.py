#!/usr/bin/env python3
"""MLPerf Tiny's networks on QEMU's Cortex-M4: BakeNN's static C beside netc's Rust: flash, RAM and the instructions of a pass.

    tests/embedded/run > netc.txt
    python3 tests/bench/embedded_peers.py netc.txt

Needs the Python packages bakenn, torch and safetensors, arm-none-eabi-gcc with newlib, and qemu-system-arm. Both are int8 with a scale for each filter,
both with random weights; BakeNN quantises PyTorch's networks of tests/reference/models.py with its kernels for the Cortex-M4. Its flash is
that of the whole program too: weights, code, vector table."""

import os, subprocess, sys, tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "reference"))
import torch
from bakenn import CORTEX_M4, CBackendOptions, KernelPolicy, compile_torch_ptq
from models import CASES, seed

NAMES = ["autoencoder", "ds_cnn", "mobilenet_v1_025", "resnet8"]
# As tests/embedded/memory.x, and a start without a library.
LINKER = """
MEMORY { FLASH : ORIGIN = 0, LENGTH = 4M RAM : ORIGIN = 0x20000000, LENGTH = 4M }
ENTRY(start)
SECTIONS {
  .text : { KEEP(*(.vectors)) *(.text*) *(.rodata*) } > FLASH
  .data : { *(.data*) } > RAM AT > FLASH
  .bss (NOLOAD) : { *(.bss*) *(COMMON) } > RAM
  /DISCARD/ : { *(.ARM.exidx*) *(.ARM.attributes) *(.comment) }
}
"""
MAIN = """
#include "bknn_NAME.h"
static int8_t input[BKNN_UPPER_INPUT_BYTES], output[BKNN_UPPER_OUTPUT_BYTES];
static _Alignas(16) uint8_t arena[BKNN_UPPER_ARENA_SIZE];
static void call(int number, const void *argument) {
  register int r0 asm("r0") = number; register const void *r1 asm("r1") = argument;
  asm volatile("bkpt 0xab" : "+r"(r0) : "r"(r1) : "memory");
}
void start(void) {
  volatile uint32_t *timer = (uint32_t *)0xe000e010;
  timer[1] = 0xffffff, timer[2] = 0, timer[0] = 5;
  for (unsigned i = 0; i < sizeof input; i++) input[i] = (int8_t)(i * 37);
  uint32_t before = timer[2];
  FUNCTION(input, output, arena);
  uint32_t count = ((before - timer[2]) & 0xffffff) * 40; /* a tick is 40 instructions */
  char line[10] = "00000000\\n";
  for (int i = 0; i < 8; i++) line[i] = "0123456789abcdef"[count >> (28 - 4 * i) & 15];
  call(4, line);
  call(0x18, (void *)0x20026);
  for (;;);
}
__attribute__((section(".vectors"), used)) void *vectors[2] = { (void *)0x20400000, start };
"""
QEMU = "qemu-system-arm -machine mps2-an386 -display none -monitor none -serial none -icount shift=0 -chardev stdio,id=out -semihosting-config enable=on,target=native,chardev=out -kernel"
GCC = "arm-none-eabi-gcc -std=gnu11 -mcpu=cortex-m4 -mthumb -mfloat-abi=soft -nostartfiles -ffunction-sections -fdata-sections -Wl,--gc-sections -T link.ld -lm".split()


def bakenn(name, level):
    make, (h, w, c), _ = CASES[name]
    model = seed(make()).float().eval()
    torch.manual_seed(1)
    images = [torch.rand(1, c, h, w) for _ in range(8)]
    with tempfile.TemporaryDirectory() as folder:
        options = CBackendOptions(kernel_policy=KernelPolicy.STATIC_PRIORITY, target=CORTEX_M4)
        compile_torch_ptq(model, images[0], images, folder, name=name, backend_options=options, target=CORTEX_M4)
        header = open(os.path.join(folder, f"bknn_{name}.h")).read()
        function = next(line.split("(")[0].split()[-1] for line in header.splitlines() if line.rstrip().endswith("_infer("))
        main = MAIN.replace("NAME", name).replace("UPPER", name.upper()).replace("FUNCTION", function)
        for file, text in [("main.c", main), ("link.ld", LINKER)]:
            with open(os.path.join(folder, file), "w") as f:
                f.write(text)
        sources = [f for f in os.listdir(folder) if f.endswith(".c")]
        subprocess.run([*GCC, level, *sources, "-o", "elf"], cwd=folder, check=True)
        elf = os.path.join(folder, "elf")
        out = subprocess.run([*QEMU.split(), elf], capture_output=True, text=True, timeout=300)
        size = subprocess.run([sys.executable, os.path.join(HERE, "..", "embedded", "size.py"), elf], capture_output=True, text=True, check=True)
    flash, ram = map(int, size.stdout.split())
    # Its input is of the program, netc's is in flash.
    return flash, ram - h * w * c, int(out.stdout, 16)


def main(file):
    netc = {}
    for line in open(file).read().splitlines()[1:]:
        name, _, _, flash, ram, count = line.split()
        netc[name] = int(flash), int(ram), int(count)
    print("| | | flash | RAM | instructions |\n| --- | --- | ---: | ---: | ---: |")
    for name in NAMES:
        rows = [("netc", netc[name]), ("BakeNN, -Os", bakenn(name, "-Os")), ("BakeNN, -O2", bakenn(name, "-O2"))]
        for who, figures in rows:
            print(f"| {name} | {who} | " + " | ".join(f"{n:,}" for n in figures) + " |")


if __name__ == "__main__":
    main(*sys.argv[1:])

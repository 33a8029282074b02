//! What compiled kernels take of a processor, read from NVIDIA's cubin: an ELF file of 64 bits.

use super::nvrtc::Nvrtc;
use crate::{Error, ErrorKind};
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

/// `EM_CUDA` in the header.
const CUDA: [u8; 2] = 190_u16.to_le_bytes();

/// Attributes in the section `.nv.info`, and the format of those that hold a symbol and a number.
const FRAME_SIZE: u8 = 0x11;
const REGISTERS: u8 = 0x2F;
const SIZED_VALUE: u8 = 0x04;

/// What a kernel takes, as `cuobjdump --dump-resource-usage` says it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// The kernel.
    pub name: String,
    /// Registers of a thread.
    pub registers: usize,
    /// Bytes of a thread in local memory: spilled registers and arrays without constant indices.
    pub local: usize,
    /// Bytes of a block in shared memory.
    pub shared: usize,
}

impl Usage {
    /// What the kernels of a text take on an architecture such as `sm_90`, by NVIDIA's compiler. Needs no GPU.
    ///
    /// # Errors
    /// With [`ErrorKind::Device`], if the compiler is missing, or a stand-in, or refuses the text.
    pub fn of(text: &str, architecture: &str) -> Result<Vec<Self>, Error> {
        let target = format!("--gpu-architecture={architecture}");
        let options = [target.as_str(), "--std=c++17", "-default-device"];
        let cubin = Nvrtc::open()?.compile(text, &options)?;
        let stand_in = || Error::new(ErrorKind::Device, "libnvrtc is not NVIDIA's");
        usages(&cubin).ok_or_else(stand_in)
    }
}

/// The kernels of a cubin; none if it is no cubin of NVIDIA's compiler.
pub(super) fn usages(cubin: &[u8]) -> Option<Vec<Usage>> {
    if cubin.get(18..20) != Some(&CUDA) {
        return None;
    }
    let sections = sections(cubin)?;
    let named = |name: &str| sections.iter().find(|section| section.name == name);
    let content = |name: &str| {
        let section = named(name)?;
        cubin.get(section.offset..section.offset.checked_add(section.size)?)
    };
    let [info, symbols, names] = [".nv.info", ".symtab", ".strtab"].map(content);
    let (info, symbols, names) = (info?, symbols?, names?);
    let mut usages: Vec<Usage> = Vec::new();
    for (attribute, symbol, number) in attributes(info) {
        // A symbol is 24 bytes, its name comes first.
        let name = text(names, long(symbols, 24 * symbol, 4)?);
        let usage = match usages.iter_mut().find(|usage| usage.name == name) {
            Some(usage) => usage,
            None => {
                let shared = named(&alloc::format!(".nv.shared.{name}"));
                usages.push(Usage {
                    shared: shared.map_or(0, |section| section.size),
                    name,
                    ..Usage::default()
                });
                usages.last_mut()?
            }
        };
        match attribute {
            REGISTERS => usage.registers = number,
            _ => usage.local = number,
        }
    }
    Some(usages)
}

/// The attributes that are of interest: which, of which symbol, and the number.
fn attributes(info: &[u8]) -> Vec<(u8, usize, usize)> {
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(&[format, attribute, low, high]) = info.get(at..at + 4) {
        at += 4;
        if format != SIZED_VALUE {
            continue;
        }
        if matches!(attribute, FRAME_SIZE | REGISTERS)
            && let (Some(symbol), Some(number)) = (long(info, at, 4), long(info, at + 4, 4))
        {
            found.push((attribute, symbol, number));
        }
        at += usize::from(u16::from_le_bytes([low, high]));
    }
    found
}

/// A part of the file; shared memory has a size and no content.
struct Section {
    name: String,
    offset: usize,
    size: usize,
}

fn sections(elf: &[u8]) -> Option<Vec<Section>> {
    let headers = long(elf, 0x28, 8)?;
    let [size, count, names] = [0x3A, 0x3C, 0x3E].map(|at| long(elf, at, 2));
    let (size, names) = (size?, names?);
    let header = |i: usize| headers.checked_add(i.checked_mul(size)?);
    let names = long(elf, header(names)?.checked_add(0x18)?, 8)?;
    (0..count?)
        .map(|i| {
            let at = header(i)?;
            let name = names.checked_add(long(elf, at, 4)?)?;
            Some(Section {
                name: text(elf, name),
                offset: long(elf, at.checked_add(0x18)?, 8)?,
                size: long(elf, at.checked_add(0x20)?, 8)?,
            })
        })
        .collect()
}

/// The string at this place of a table.
fn text(table: &[u8], at: usize) -> String {
    let bytes = table.iter().skip(at).take_while(|b| **b != 0);
    bytes.map(|b| char::from(*b)).collect()
}

/// The number of so many bytes at this place.
fn long(bytes: &[u8], at: usize, count: usize) -> Option<usize> {
    let bytes = bytes.get(at..at.checked_add(count)?)?;
    let number = bytes
        .iter()
        .rev()
        .fold(0u64, |number, byte| number << 8 | u64::from(*byte));
    usize::try_from(number).ok()
}

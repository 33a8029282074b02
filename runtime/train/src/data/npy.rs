//! NumPy's array files (numpy.org: `numpy.lib.format`).
//!
//! Own code, because the header is one line of fixed form, and the libraries that read it as a Python literal can be made to
//! panic or to exhaust the stack by a hostile file.

use std::io::{self, Write};

/// An array in C order.
#[derive(Debug, PartialEq)]
pub struct Array {
    /// The axes.
    pub shape: Vec<usize>,
    /// NumPy's name of the type: `<f4`.
    pub descr: String,
    /// The values.
    pub numbers: Numbers,
}

/// The values of an array.
#[derive(Debug, PartialEq)]
pub enum Numbers {
    /// uint8 and bool.
    Bytes(Vec<u8>),
    /// Other integers.
    Integers(Vec<i64>),
    /// float32 and float64.
    Floats(Vec<f32>),
}

/// A label beyond this is a mistake: nobody has so many classes, each of which gets a name.
const MAX_LABEL: i64 = 1 << 20;

impl Numbers {
    /// The values as they go into a network.
    #[must_use]
    pub fn into_floats(self) -> Vec<f32> {
        match self {
            Numbers::Bytes(bytes) => bytes.into_iter().map(f32::from).collect(),
            Numbers::Integers(values) => values.into_iter().map(|v| v as f32).collect(),
            Numbers::Floats(values) => values,
        }
    }

    /// The values as labels.
    ///
    /// # Errors
    /// A value is none.
    pub(super) fn labels(self) -> Result<Vec<u32>, String> {
        let label = |(i, v): (usize, i64)| match v {
            0..MAX_LABEL => Ok(v as u32),
            MAX_LABEL.. => Err(format!(
                "label {i} is {v}; netc knows {MAX_LABEL} classes at most"
            )),
            _ => Err(format!("label {i} is {v}; classes count from 0")),
        };
        match self {
            Numbers::Bytes(bytes) => Ok(bytes.into_iter().map(u32::from).collect()),
            Numbers::Integers(values) => values.into_iter().enumerate().map(label).collect(),
            Numbers::Floats(_) => Err("labels are whole numbers".to_owned()),
        }
    }
}

const CUT: &str = "it is cut short";

/// The header's text, and what follows it.
fn split(bytes: &[u8]) -> Result<(&[u8], &[u8]), String> {
    let rest = bytes
        .strip_prefix(b"\x93NUMPY")
        .ok_or("it is not a NumPy file")?;
    let parts = match rest {
        [1, 0, a, b, rest @ ..] => rest.split_at_checked(u16::from_le_bytes([*a, *b]).into()),
        [2 | 3, 0, a, b, c, d, rest @ ..] => {
            rest.split_at_checked(u32::from_le_bytes([*a, *b, *c, *d]) as usize)
        }
        [1..=3, 0, ..] | [] | [_] => None,
        [major, minor, ..] => return Err(format!("its format version is {major}.{minor}")),
    };
    Ok(parts.ok_or(CUT)?)
}

/// Words of this many bytes as numbers of their kind.
fn numbers(kind: &str, width: usize, words: impl Iterator<Item = u64>) -> Numbers {
    match kind {
        "u1" | "b1" => Numbers::Bytes(words.map(|word| word as u8).collect()),
        "f4" => Numbers::Floats(words.map(|word| f32::from_bits(word as u32)).collect()),
        "f8" => Numbers::Floats(words.map(|word| f64::from_bits(word) as f32).collect()),
        _ => {
            // Shifted up and down again, so that the sign fills the upper bits.
            let shift = 64 - 8 * width as u32;
            let signed = kind.starts_with('i');
            let integer = |word: u64| match signed {
                true => ((word << shift) as i64) >> shift,
                false => i64::try_from(word).unwrap_or(i64::MAX),
            };
            Numbers::Integers(words.map(integer).collect())
        }
    }
}

/// Reads an array of floats (32 or 64 bits) or integers, of either byte order, in C or Fortran order.
///
/// # Errors
/// What is wrong with the file.
pub fn read(bytes: &[u8]) -> Result<Array, String> {
    let (header, data) = split(bytes)?;
    let header = str::from_utf8(header).map_err(|_| "its header is not text")?;
    let (descr, fortran, shape) = parse(header).ok_or_else(|| {
        format!(
            "its header is not that of one plain array: {}",
            header.trim_end().escape_default()
        )
    })?;
    let (big, kind) = match descr.split_at_checked(1) {
        Some((">", kind)) => (true, kind),
        Some(("<" | "=" | "|", kind)) => (false, kind),
        _ => (false, descr),
    };
    let width = match kind {
        "f4" | "i4" | "u4" => 4,
        "f8" | "i8" | "u8" => 8,
        "i2" | "u2" => 2,
        "u1" | "b1" | "i1" => 1,
        _ => return Err(format!("its numbers are `{descr}`: use floats or integers")),
    };
    let wanted = shape
        .iter()
        .try_fold(width, |all: usize, n| all.checked_mul(*n))
        .ok_or("its shape exceeds the address space")?;
    if data.len() < wanted {
        return Err(format!("{CUT}: {} of {wanted} bytes are there", data.len()));
    }
    if data.len() > wanted {
        return Err(format!("{} bytes follow the array", data.len() - wanted));
    }
    let words = order(&shape, wanted / width, fortran).map(|i| word(data, i, width, big));
    let numbers = numbers(kind, width, words);
    let descr = descr.to_owned();
    Ok(Array {
        shape,
        descr,
        numbers,
    })
}

fn word(data: &[u8], i: usize, width: usize, big: bool) -> u64 {
    let bytes = &data[i * width..(i + 1) * width];
    let shift = |word: u64, byte: &u8| word << 8 | u64::from(*byte);
    if big {
        bytes.iter().fold(0, shift)
    } else {
        bytes.iter().rev().fold(0, shift)
    }
}

/// Where the elements lie, in C order. In Fortran order the first axis runs fastest.
fn order(shape: &[usize], n: usize, fortran: bool) -> impl Iterator<Item = usize> {
    let mut stride = 1;
    let axis = |size: &usize| {
        let axis = (*size, stride);
        stride *= size;
        axis
    };
    let axes: Vec<(usize, usize)> = shape.iter().map(axis).collect();
    (0..n).map(move |i| {
        if !fortran {
            return i;
        }
        let mut rest = i;
        let offset = |(size, stride): &(usize, usize)| {
            let at = rest % size * stride;
            rest /= size;
            at
        };
        axes.iter().rev().map(offset).sum()
    })
}

/// Reads `{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }`, the keys in any order.
fn parse(header: &str) -> Option<(&str, bool, Vec<usize>)> {
    let mut rest = header.trim().strip_prefix('{')?.strip_suffix('}')?.trim();
    let (mut descr, mut fortran, mut shape) = (None, None, None);
    while !rest.is_empty() {
        let (key, value) = rest.split_once(':')?;
        let value = value.trim_start();
        let end = match value.as_bytes().first()? {
            b'(' => value.find(')')? + 1,
            quote @ (b'\'' | b'"') => value[1..].find(char::from(*quote))? + 2,
            _ => value.find(',').unwrap_or(value.len()),
        };
        let (value, after) = value.split_at(end);
        match key.trim().trim_matches(['\'', '"']) {
            "descr" => descr = Some(value.strip_prefix(['\'', '"'])?.strip_suffix(['\'', '"'])?),
            "fortran_order" => {
                fortran = Some(match value.trim() {
                    "True" => true,
                    "False" => false,
                    _ => return None,
                });
            }
            "shape" => {
                let sizes = value
                    .strip_prefix('(')?
                    .strip_suffix(')')?
                    .split(',')
                    .map(str::trim);
                let size = |s: &str| s.trim_end_matches('L').parse().ok();
                shape = Some(
                    sizes
                        .filter(|s| !s.is_empty())
                        .map(size)
                        .collect::<Option<Vec<usize>>>()?,
                );
            }
            _ => return None,
        }
        rest = after.trim_start();
        rest = rest.strip_prefix(',').unwrap_or(rest).trim_start();
    }
    Some((descr?, fortran?, shape?))
}

/// Writes an array of f32, little-endian, in C order.
///
/// # Errors
/// The writer's.
pub fn write(out: &mut dyn Write, shape: &[usize], values: &[f32]) -> io::Result<()> {
    let sizes: String = shape.iter().map(|n| format!("{n}, ")).collect();
    let mut header = format!(
        "{{'descr': '<f4', 'fortran_order': False, 'shape': ({}), }}",
        // One axis keeps its comma: `(5,)`.
        if shape.len() == 1 {
            sizes.trim_end()
        } else {
            sizes.trim_end_matches(", ")
        }
    );
    // The array starts at a multiple of 64.
    let length = (10 + header.len() + 1).next_multiple_of(64) - 10;
    header += &" ".repeat(length - header.len() - 1);
    header.push('\n');
    let length = u16::try_from(length).map_err(io::Error::other)?;
    out.write_all(b"\x93NUMPY\x01\x00")?;
    out.write_all(&length.to_le_bytes())?;
    out.write_all(header.as_bytes())?;
    values
        .iter()
        .try_for_each(|v| out.write_all(&v.to_le_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(descr: &str, fortran: &str, shape: &str, data: &[u8]) -> Vec<u8> {
        let header =
            format!("{{'descr': {descr}, 'fortran_order': {fortran}, 'shape': {shape}, }}\n");
        let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
        bytes.extend(u16::try_from(header.len()).unwrap().to_le_bytes());
        bytes.extend(header.as_bytes());
        bytes.extend(data);
        bytes
    }

    #[test]
    fn what_is_written_is_read() {
        for shape in [&[2, 3][..], &[6], &[1, 2, 3, 1]] {
            let values = [1.0, -2.5, 3.0, f32::MIN_POSITIVE, 5.0, 1e30];
            let mut bytes = Vec::new();
            write(&mut bytes, shape, &values).unwrap();
            let array = read(&bytes).unwrap();
            assert_eq!(array.shape, shape);
            assert_eq!(array.numbers.into_floats(), values);
        }
    }

    #[test]
    fn all_types_and_orders() {
        let both =
            |descr: &str, data: &[u8]| read(&file(descr, "False", "(2,)", data)).unwrap().numbers;
        assert_eq!(
            both("'<f4'", &[0, 0, 0x80, 0x3f, 0, 0, 0, 0x40]),
            Numbers::Floats(vec![1.0, 2.0])
        );
        assert_eq!(
            both("'>f4'", &[0x3f, 0x80, 0, 0, 0x40, 0, 0, 0]),
            Numbers::Floats(vec![1.0, 2.0])
        );
        assert_eq!(both("'|u1'", &[7, 255]), Numbers::Bytes(vec![7, 255]));
        assert_eq!(both("'|i1'", &[7, 255]), Numbers::Integers(vec![7, -1]));
        assert_eq!(
            both("'<i2'", &[0xfe, 0xff, 1, 0]),
            Numbers::Integers(vec![-2, 1])
        );
        assert_eq!(
            both("'>u2'", &[0xfe, 0xff, 1, 0]),
            Numbers::Integers(vec![0xfeff, 256])
        );
        let wide = [1.5f64.to_be_bytes(), 2.5f64.to_be_bytes()].concat();
        assert_eq!(both("'>f8'", &wide), Numbers::Floats(vec![1.5, 2.5]));
        let wide = [(-3i64).to_le_bytes(), 4i64.to_le_bytes()].concat();
        assert_eq!(both("'<i8'", &wide), Numbers::Integers(vec![-3, 4]));
        // [[0, 1, 2], [3, 4, 5]] by columns.
        let fortran = read(&file("'|u1'", "True", "(2, 3)", &[0, 3, 1, 4, 2, 5])).unwrap();
        assert_eq!(fortran.numbers, Numbers::Bytes(vec![0, 1, 2, 3, 4, 5]));
    }

    #[test]
    fn broken_files_are_explained() {
        let wrong = |bytes: &[u8]| read(bytes).unwrap_err();
        assert_eq!(wrong(b"PK\x03\x04"), "it is not a NumPy file");
        assert_eq!(wrong(b"\x93NUMPY\x01\x00\xff\xff"), "it is cut short");
        assert_eq!(wrong(b"\x93NUMPY\x09\x00aa"), "its format version is 9.0");
        assert!(wrong(&file("'|O'", "False", "(2,)", &[0; 8])).contains("`|O`"));
        assert!(wrong(&file("'<f4'", "False", "(3,)", &[0; 8])).contains("8 of 12 bytes"));
        assert!(wrong(&file("'<f4'", "False", "(1,)", &[0; 8])).contains("4 bytes follow"));
        for shape in ["(-1,)", "(1", "(", ""] {
            assert!(
                wrong(&file("'<f4'", "False", shape, &[0; 4])).contains("header"),
                "{shape}"
            );
        }
        let huge = file("'<f4'", "False", "(4294967296, 4294967296, 16)", &[0; 4]);
        assert!(wrong(&huge).contains("address space"));
    }

    #[test]
    fn labels_are_small_whole_numbers() {
        assert_eq!(Numbers::Integers(vec![3, 0]).labels(), Ok(vec![3, 0]));
        assert!(
            Numbers::Integers(vec![3, -1])
                .labels()
                .unwrap_err()
                .contains("label 1 is -1")
        );
        let many = Numbers::Integers(vec![1 << 20]).labels().unwrap_err();
        assert_eq!(
            many,
            "label 0 is 1048576; netc knows 1048576 classes at most"
        );
        assert!(Numbers::Floats(vec![1.0]).labels().is_err());
    }
}

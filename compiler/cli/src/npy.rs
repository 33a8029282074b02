//! NumPy's array files (numpy.org: `numpy.lib.format`).
//!
//! Own code, because the header is one line of fixed form, and the libraries that read it as a Python literal can be made to
//! panic or to exhaust the stack by a hostile file.

use std::io::{self, Write};

/// An array of f32 in C order.
#[derive(Debug, PartialEq)]
pub(crate) struct Array {
    pub(crate) shape: Vec<usize>,
    pub(crate) values: Vec<f32>,
}

/// Reads an array of f32, f64 or u8 of either byte order, in C or Fortran order.
///
/// The error says what is wrong with the file.
pub(crate) fn read(bytes: &[u8]) -> Result<Array, String> {
    let rest = bytes
        .strip_prefix(b"\x93NUMPY")
        .ok_or("it is not a NumPy file")?;
    let cut = "it is cut short";
    let (header, data) = match rest {
        [1, 0, a, b, rest @ ..] => rest.split_at_checked(u16::from_le_bytes([*a, *b]).into()),
        [2 | 3, 0, a, b, c, d, rest @ ..] => {
            rest.split_at_checked(u32::from_le_bytes([*a, *b, *c, *d]) as usize)
        }
        [1..=3, 0, ..] | [] | [_] => None,
        [major, minor, ..] => return Err(format!("its format version is {major}.{minor}")),
    }
    .ok_or(cut)?;
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
        "f4" => 4,
        "f8" => 8,
        "u1" => 1,
        _ => {
            return Err(format!(
                "its numbers are `{descr}`: use float32, float64 or uint8"
            ));
        }
    };
    let wanted = shape
        .iter()
        .try_fold(width, |all: usize, n| all.checked_mul(*n))
        .ok_or("its shape exceeds the address space")?;
    if data.len() < wanted {
        return Err(format!("{cut}: {} of {wanted} bytes are there", data.len()));
    }
    if data.len() > wanted {
        return Err(format!("{} bytes follow the array", data.len() - wanted));
    }
    let values: Vec<f32> = match width {
        1 => data.iter().copied().map(f32::from).collect(),
        4 => numbers(data, big, f32::from_le_bytes, f32::from_be_bytes),
        _ => numbers(data, big, f64::from_le_bytes, f64::from_be_bytes)
            .into_iter()
            .map(|v| v as f32)
            .collect(),
    };
    let values = if fortran {
        c_order(&values, &shape)
    } else {
        values
    };
    Ok(Array { shape, values })
}

fn numbers<const N: usize, T>(
    data: &[u8],
    big: bool,
    little_endian: fn([u8; N]) -> T,
    big_endian: fn([u8; N]) -> T,
) -> Vec<T> {
    let read = if big { big_endian } else { little_endian };
    data.as_chunks::<N>().0.iter().map(|b| read(*b)).collect()
}

/// Puts the first axis, which runs fastest in Fortran order, in front.
fn c_order(values: &[f32], shape: &[usize]) -> Vec<f32> {
    let mut index = vec![0; shape.len()];
    let mut ordered = Vec::with_capacity(values.len());
    for _ in 0..values.len() {
        let at = index.iter().zip(shape).rev();
        ordered.push(values[at.fold(0, |at, (i, n)| at * n + i)]);
        for (i, n) in index.iter_mut().zip(shape).rev() {
            *i += 1;
            if *i < *n {
                break;
            }
            *i = 0;
        }
    }
    ordered
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
                let sizes = value[1..value.len() - 1].split(',').map(str::trim);
                let sizes = sizes.filter(|s| !s.is_empty());
                let size = |s: &str| s.trim_end_matches('L').parse().ok();
                shape = Some(sizes.map(size).collect::<Option<Vec<usize>>>()?);
            }
            _ => return None,
        }
        rest = after.trim_start();
        rest = rest.strip_prefix(',').unwrap_or(rest).trim_start();
    }
    Some((descr?, fortran?, shape?))
}

/// Writes an array of f32, little-endian, in C order.
pub(crate) fn write(out: &mut dyn Write, shape: &[usize], values: &[f32]) -> io::Result<()> {
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
            assert_eq!(array.values, values);
        }
    }

    #[test]
    fn all_types_and_orders() {
        let both =
            |descr: &str, data: &[u8]| read(&file(descr, "False", "(2,)", data)).unwrap().values;
        assert_eq!(
            both("'<f4'", &[0, 0, 0x80, 0x3f, 0, 0, 0, 0x40]),
            [1.0, 2.0]
        );
        assert_eq!(
            both("'>f4'", &[0x3f, 0x80, 0, 0, 0x40, 0, 0, 0]),
            [1.0, 2.0]
        );
        assert_eq!(both("'|u1'", &[7, 255]), [7.0, 255.0]);
        let eights = [1.5f64.to_be_bytes(), 2.5f64.to_be_bytes()].concat();
        assert_eq!(both("'>f8'", &eights), [1.5, 2.5]);
        // [[0, 1, 2], [3, 4, 5]] by columns.
        let fortran = read(&file("'|u1'", "True", "(2, 3)", &[0, 3, 1, 4, 2, 5])).unwrap();
        assert_eq!(fortran.values, [0.0, 1.0, 2.0, 3.0, 4.0, 5.0]);
    }

    #[test]
    fn broken_files_are_explained() {
        let wrong = |bytes: &[u8]| read(bytes).unwrap_err();
        assert_eq!(wrong(b"PK\x03\x04"), "it is not a NumPy file");
        assert_eq!(wrong(b"\x93NUMPY\x01\x00\xff\xff"), "it is cut short");
        assert_eq!(wrong(b"\x93NUMPY\x01"), "it is cut short");
        assert_eq!(wrong(b"\x93NUMPY\x09\x00aa"), "its format version is 9.0");
        assert!(wrong(&file("'<i4'", "False", "(2,)", &[0; 8])).contains("`<i4`"));
        assert!(wrong(&file("'|O'", "False", "(2,)", &[0; 8])).contains("`|O`"));
        assert!(wrong(&file("'<f4'", "False", "(3,)", &[0; 8])).contains("8 of 12 bytes"));
        assert!(wrong(&file("'<f4'", "False", "(1,)", &[0; 8])).contains("4 bytes follow"));
        assert!(wrong(&file("[('a', '<f4')]", "False", "(1,)", &[0; 4])).contains("header"));
        assert!(wrong(&file("'<f4'", "Maybe", "(1,)", &[0; 4])).contains("header"));
        assert!(wrong(&file("'<f4'", "False", "(-1,)", &[0; 4])).contains("header"));
        let huge = file("'<f4'", "False", "(4294967296, 4294967296, 16)", &[0; 4]);
        assert!(wrong(&huge).contains("address space"));
    }
}

//! Weights as NumPy's archive: an array a tensor.

use netc_train::data::npy;
use std::borrow::Cow;
use std::io::{Cursor, Result};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, ZipWriter};

/// The archive, as `np.load` reads it. It holds no time, so that the same weights give the same bytes.
pub(crate) fn write<'w>(
    tensors: impl Iterator<Item = (&'w str, &'w [usize], Cow<'w, [f32]>)>,
) -> Result<Vec<u8>> {
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default()
        .compression_method(CompressionMethod::Stored)
        .last_modified_time(DateTime::default());
    for (name, shape, values) in tensors {
        let is_large = values.len() >= 1 << 29;
        archive.start_file(format!("{name}.npy"), options.large_file(is_large))?;
        npy::write(&mut archive, shape, &values)?;
    }
    Ok(archive.finish()?.into_inner())
}

//! The files of a tar archive, those without folders and links (POSIX 1003.1-1990, ustar).

/// A block: headers are one, files are filled up to some.
const BLOCK: usize = 512;

/// Each regular file's name without folders, and its bytes.
///
/// # Errors
/// The archive is cut short, or a header is damaged.
pub(super) fn files(archive: &[u8]) -> Result<Vec<(String, &[u8])>, &'static str> {
    let mut files = Vec::new();
    let mut rest = archive;
    while let Some((header, after)) = rest.split_at_checked(BLOCK) {
        if header.iter().all(|byte| *byte == 0) {
            return Ok(files);
        }
        let size = octal(&header[124..136]).ok_or("a header is damaged")?;
        let (bytes, padded) = (
            after.get(..size).ok_or("it is cut short")?,
            size.next_multiple_of(BLOCK).min(after.len()),
        );
        // '0' and, in old archives, nothing: a regular file.
        if matches!(header[156], b'0' | 0) {
            let name = header[..100]
                .split(|byte| *byte == 0)
                .next()
                .unwrap_or_default();
            let name = String::from_utf8_lossy(name);
            let name = name.rsplit('/').next().unwrap_or_default();
            files.push((name.to_owned(), bytes));
        }
        rest = &after[padded..];
    }
    Err("it is cut short")
}

fn octal(digits: &[u8]) -> Option<usize> {
    let text = std::str::from_utf8(digits).ok()?;
    let text = text.trim_matches(|c: char| c == '\0' || c == ' ');
    usize::from_str_radix(text, 8).ok()
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// An archive of these files, as `tar` writes it.
    pub(crate) fn archive(files: &[(&str, &[u8])]) -> Vec<u8> {
        let mut archive = Vec::new();
        for (name, bytes) in files {
            let mut header = [0; BLOCK];
            header[..name.len()].copy_from_slice(name.as_bytes());
            header[124..135].copy_from_slice(format!("{:011o}", bytes.len()).as_bytes());
            header[156] = if name.ends_with('/') { b'5' } else { b'0' };
            archive.extend(header);
            archive.extend(*bytes);
            archive.resize(archive.len().next_multiple_of(BLOCK), 0);
        }
        archive.resize(archive.len() + 2 * BLOCK, 0);
        archive
    }

    #[test]
    fn files_are_found_and_damage_is_said() {
        let whole = archive(&[
            ("set/", b""),
            ("set/a.bin", b"abc"),
            ("set/b.txt", &[7; 600]),
        ]);
        let found = files(&whole).expect("a good archive");
        assert_eq!(
            found,
            [("a.bin".into(), &b"abc"[..]), ("b.txt".into(), &[7; 600])]
        );
        for cut in [0, 100, 511, 512, 1024, 1026, 2000] {
            assert!(files(&whole[..cut]).is_err(), "{cut}");
        }
        let mut damaged = whole.clone();
        damaged[BLOCK + 124..BLOCK + 136].fill(b'9');
        assert!(files(&damaged).is_err());
        damaged[BLOCK + 124..BLOCK + 136].copy_from_slice(b"77777777777\0");
        assert!(files(&damaged).is_err());
    }
}

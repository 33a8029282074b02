//! Fetching public data sets.

mod origin;
mod sets;
mod tar;

pub(crate) use origin::Origin;
pub(crate) use sets::{SETS, Set};

use crate::failure::{Failure, Outcome};
use crate::files::size;
use crate::terminal;
use flate2::read::GzDecoder;
use netc_train::{atomic, reason};
use sets::File;
use sha2::{Digest, Sha256};
use std::fmt::Write as _;
use std::fs;
use std::io::{Read, Write as _};
use std::path::Path;

/// Brings a data set to a folder: files that are there already stay, and nothing but what was published gets there.
pub(crate) fn get(set: &Set, origin: &Origin, folder: &Path) -> Outcome {
    let unwritable = |e: &std::io::Error| {
        Failure::tool(format!(
            "cannot write to `{}`: {}",
            folder.display(),
            reason(e)
        ))
    };
    fs::create_dir_all(folder).map_err(|e| unwritable(&e))?;
    for file in set.files {
        let path = folder.join(file.name);
        if is_there(&path, file) {
            terminal::status("There", &path.display().to_string());
            continue;
        }
        let bytes = fetched(set, origin, file)?;
        let parts = match set.unpack {
            None => vec![(file.name.to_owned(), bytes)],
            Some(endings) => unpacked(file, &bytes, endings)?,
        };
        for (name, bytes) in parts {
            let path = folder.join(name);
            let written = atomic::replace_soon(&path, |to| to.write_all(&bytes));
            written.map_err(|e| unwritable(&e))?;
            let shown = path.display();
            terminal::status("Wrote", &format!("{shown} ({})", size(bytes.len() as u64)));
        }
    }
    Ok(())
}

/// Whether the very file is there.
fn is_there(path: &Path, file: &File) -> bool {
    let is_as_long = path.metadata().is_ok_and(|meta| meta.len() == file.bytes);
    is_as_long && fs::read(path).is_ok_and(|bytes| sum(&bytes) == file.sum)
}

/// A file as it was published.
fn fetched(set: &Set, origin: &Origin, file: &File) -> Outcome<Vec<u8>> {
    let place = origin.place(file);
    terminal::status("Fetching", &format!("{place} ({})", size(file.bytes)));
    let bytes = origin.read(file);
    let bytes = bytes.map_err(|why| by_hand(set, format!("cannot fetch `{place}`: {why}")))?;
    if bytes.len() as u64 != file.bytes || sum(&bytes) != file.sum {
        let (is, was) = (bytes.len() as u64, file.bytes);
        let why = match is.cmp(&was) {
            std::cmp::Ordering::Less => format!("it has {is} bytes, not {was}"),
            std::cmp::Ordering::Greater => format!("it has more than {was} bytes"),
            std::cmp::Ordering::Equal => "its SHA-256 is another".to_owned(),
        };
        let headline = format!("`{place}` is not the file that was published: {why}");
        return Err(by_hand(set, headline));
    }
    Ok(bytes)
}

/// A failure, with the way that needs no network here.
fn by_hand(set: &Set, headline: String) -> Failure {
    let files = set.files.iter();
    let files = files.map(|file| format!("{}{}", set.address, file.name));
    let name = set.name;
    Failure::tool(headline)
        .detail("the files, for a browser or another machine:")
        .details(files)
        .help(format!("`netc data get {name} --from FOLDER` takes them from a folder, `--from http://HOST/PATH` from a mirror"))
        .help("`data = digits` needs no files: `netc train models/lenet_digits.net`")
}

fn sum(bytes: &[u8]) -> String {
    let mut text = String::new();
    for byte in Sha256::digest(bytes) {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
    }
    text
}

/// The files of an archive whose names end so.
fn unpacked(file: &File, bytes: &[u8], endings: &[&str]) -> Outcome<Vec<(String, Vec<u8>)>> {
    let damaged = |why: &str| Failure::tool(format!("`{}` cannot be unpacked: {why}", file.name));
    let mut archive = Vec::new();
    let read = GzDecoder::new(bytes).read_to_end(&mut archive);
    read.map_err(|e| damaged(&reason(&e)))?;
    let files = tar::files(&archive).map_err(damaged)?;
    let wanted = |(name, _): &(String, &[u8])| endings.iter().any(|end| name.ends_with(end));
    let files = files.into_iter().filter(wanted);
    Ok(files.map(|(name, bytes)| (name, bytes.to_vec())).collect())
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test")]
mod tests {
    use super::*;
    use std::io::{BufRead, BufReader};
    use std::net::TcpListener;

    const HELLO: &str = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824";
    const PLAIN: Set = Set {
        name: "hello",
        address: "http://example.org/",
        files: &[File {
            name: "hello.gz",
            bytes: 5,
            sum: HELLO,
        }],
        unpack: None,
        about: "a test",
    };

    /// A server that answers so many requests with this.
    fn server(answers: Vec<&'static [u8]>) -> Origin {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        std::thread::spawn(move || {
            for answer in answers {
                let (mut stream, _) = listener.accept().unwrap();
                let lines = BufReader::new(stream.try_clone().unwrap()).lines();
                let request: Vec<String> = lines
                    .map_while(Result::ok)
                    .take_while(|line| !line.is_empty())
                    .collect();
                assert!(request[0].starts_with("GET /set/hello.gz "), "{request:?}");
                stream.write_all(answer).unwrap();
            }
        });
        Origin::parse(&format!("http://127.0.0.1:{port}/set")).unwrap()
    }

    fn said(failure: Failure) -> String {
        let message = failure.message.unwrap();
        [vec![message.headline], message.details, message.helps]
            .concat()
            .join("\n")
    }

    #[test]
    fn a_file_is_fetched_once() {
        let folder = tempfile::tempdir().unwrap();
        let origin = server(vec![b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"]);
        get(&PLAIN, &origin, folder.path()).unwrap();
        // The server answers no second time.
        get(&PLAIN, &origin, folder.path()).unwrap();
        let path = folder.path().join("hello.gz");
        assert_eq!(fs::read(&path).unwrap(), b"hello");
        // From the folder itself, to another one.
        let mirror = Origin::parse(&folder.path().to_string_lossy()).unwrap();
        let other = tempfile::tempdir().unwrap();
        get(&PLAIN, &mirror, &other.path().join("deep/er")).unwrap();
        assert_eq!(
            fs::read(other.path().join("deep/er/hello.gz")).unwrap(),
            b"hello"
        );
        // What was damaged is fetched anew.
        fs::write(&path, "jello").unwrap();
        let origin = server(vec![b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"]);
        get(&PLAIN, &origin, folder.path()).unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"hello");
    }

    #[test]
    fn what_was_not_published_does_not_get_there() {
        let cases: [(&[u8], &str); 6] = [
            (
                b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\njello",
                "its SHA-256 is another",
            ),
            (
                b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhe",
                "it has 2 bytes, not 5",
            ),
            (
                b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhellohell",
                "more than 5 bytes",
            ),
            (
                b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhe",
                "broke off",
            ),
            (
                b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n",
                "no such file (404)",
            ),
            (
                b"HTTP/1.1 302 Found\r\nLocation: https://127.0.0.1/x\r\nContent-Length: 0\r\n\r\n",
                "sends on to https://127.0.0.1/x",
            ),
        ];
        for (answer, why) in cases {
            let folder = tempfile::tempdir().unwrap();
            let failure = get(&PLAIN, &server(vec![answer]), folder.path()).unwrap_err();
            assert_eq!(failure.code, 2);
            let said = said(failure);
            assert!(
                said.contains(why) && said.contains("netc data get hello --from"),
                "{said}"
            );
            assert!(said.contains("http://example.org/hello.gz"), "{said}");
            assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
        }
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        drop(listener);
        let nobody = Origin::parse(&format!("http://127.0.0.1:{port}")).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let said = said(get(&PLAIN, &nobody, folder.path()).unwrap_err());
        assert!(
            said.contains("refused") || said.contains("is there a network?"),
            "{said}"
        );
        assert!(Origin::parse("https://example.org").is_err());
    }

    #[test]
    fn archives_are_unpacked() {
        let file = &PLAIN.files[0];
        let archive =
            tar::tests::archive(&[("x/a.bin", b"1"), ("x/read.me", b"2"), ("x/b.txt", b"3")]);
        let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        packed.write_all(&archive).unwrap();
        let packed = packed.finish().unwrap();
        let parts = unpacked(file, &packed, &[".bin", ".txt"]).unwrap();
        assert_eq!(
            parts,
            [("a.bin".into(), vec![b'1']), ("b.txt".into(), vec![b'3'])]
        );
        assert!(unpacked(file, &packed[..20], &[".bin"]).is_err());
        assert!(unpacked(file, b"no gzip", &[".bin"]).is_err());
    }
}

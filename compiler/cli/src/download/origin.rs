//! Where the files of a data set come from.

use super::sets::File;
use netc_train::reason;
use std::fmt;
use std::io::{self, Read};
use std::path::PathBuf;
use std::time::Duration;
use ureq::Agent;

/// A server or a folder.
pub(crate) enum Origin {
    /// An address that ends with `/`.
    Server(String),
    Folder(PathBuf),
}

/// A server that does not answer within this time is given up.
const PATIENCE: Duration = Duration::from_secs(15);

impl Origin {
    /// An address, `http://host/path`, or a folder.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        if text.starts_with("https://") {
            return Err(
                "netc fetches by http:// alone; what arrives is held against checksums".to_owned(),
            );
        }
        if text.starts_with("http://") {
            return Ok(Self::Server(format!("{}/", text.trim_end_matches('/'))));
        }
        Ok(Self::Folder(PathBuf::from(text)))
    }

    /// Reads a file, no more of it than it has.
    pub(crate) fn read(&self, file: &File) -> Result<Vec<u8>, String> {
        let mut bytes = Vec::new();
        let read =
            |from: &mut dyn Read, bytes: &mut Vec<u8>| from.take(file.bytes + 1).read_to_end(bytes);
        match self {
            Self::Folder(folder) => {
                let opened = std::fs::File::open(folder.join(file.name));
                opened
                    .and_then(|mut opened| read(&mut opened, &mut bytes))
                    .map_err(|e| reason(&e))?;
            }
            Self::Server(_) => {
                let response = agent().get(self.place(file)).call();
                let mut response = response.map_err(|e| told(&e))?;
                if response.status().is_redirection() {
                    return Err(sent_on(response.headers()));
                }
                let mut body = response.body_mut().as_reader();
                read(&mut body, &mut bytes).map_err(|e| broken_off(&e))?;
            }
        }
        Ok(bytes)
    }

    /// Where a file is.
    pub(crate) fn place(&self, file: &File) -> String {
        match self {
            Self::Server(address) => format!("{address}{}", file.name),
            Self::Folder(folder) => folder.join(file.name).display().to_string(),
        }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Server(address) => f.write_str(address),
            Self::Folder(folder) => folder.display().fmt(f),
        }
    }
}

fn agent() -> Agent {
    let config = Agent::config_builder()
        // Where it leads is the user's to decide: mostly to https.
        .max_redirects(0)
        .timeout_resolve(Some(PATIENCE))
        .timeout_connect(Some(PATIENCE))
        .timeout_recv_response(Some(PATIENCE));
    config.build().into()
}

/// Where a server sends those who ask.
fn sent_on(headers: &ureq::http::HeaderMap) -> String {
    let place = headers
        .get("location")
        .and_then(|place| place.to_str().ok());
    format!(
        "the server sends on to {}, where netc does not follow",
        place.unwrap_or("another place")
    )
}

fn told(e: &ureq::Error) -> String {
    match e {
        ureq::Error::StatusCode(404) => "the server has no such file (404)".to_owned(),
        ureq::Error::StatusCode(code) => format!("the server answers {code}"),
        ureq::Error::HostNotFound => "no such host: is there a network?".to_owned(),
        ureq::Error::Timeout(_) => "no answer: is there a network?".to_owned(),
        ureq::Error::ConnectionFailed => "no connection: is there a network?".to_owned(),
        ureq::Error::TlsRequired => "the server wants https, which netc does not speak".to_owned(),
        ureq::Error::Io(e) => broken_off(e),
        other => other.to_string(),
    }
}

fn broken_off(e: &io::Error) -> String {
    let text = e.to_string();
    match e.kind() {
        io::ErrorKind::ConnectionRefused => "nobody answers there (connection refused)".to_owned(),
        // What the standard library says of names has no kind of its own.
        _ if text.contains("lookup address") => "no such host: is there a network?".to_owned(),
        _ => format!("the connection broke off: {}", reason(e)),
    }
}

//! Compiled programs on disk, so that a network is compiled once for each GPU. A file is believed only if it was made from the very
//! same text by the same compiler for the same architecture, and is whole.

use super::Gpu;
#[cfg(doc)]
use super::nvrtc::Nvrtc;
use crate::Error;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use sha2::{Digest, Sha256};
use std::path::{Path, PathBuf};
use std::{env, fs, process};

/// The folder: `NETC_CACHE`, or `netc` in the user's folder for caches.
fn folder() -> Option<PathBuf> {
    let var = |name| {
        env::var_os(name)
            .filter(|v| !v.is_empty())
            .map(PathBuf::from)
    };
    let named = var("NETC_CACHE");
    let user = || var("XDG_CACHE_HOME").or_else(|| Some(var("HOME")?.join(".cache")));
    let folder = named.or_else(|| Some(user()?.join("netc")))?;
    Some(folder.join("cuda"))
}

/// The cubin of a text for this GPU as `load` takes it: that on disk if there is one and it is taken, else compiled.
///
/// # Errors
/// As [`Nvrtc::compile`], and as `load`. What goes wrong with files costs time, and nothing else.
pub(super) fn load<T>(
    gpu: &Gpu,
    text: &str,
    load: impl Fn(Vec<u8>) -> Result<T, Error>,
) -> Result<T, Error> {
    let nvrtc = gpu.nvrtc()?;
    let target = format!("--gpu-architecture={}", gpu.architecture());
    let options = [target.as_str(), "--std=c++17", "-default-device"];
    let (major, minor) = nvrtc.version();
    let options_text = options.join(" ");
    let key = format!(
        "netc 1, {}, nvrtc {major}.{minor} {options_text}\n{text}",
        gpu.name()
    );
    let path = folder().map(|folder| folder.join(format!("{}.cubin", hex(key.as_bytes()))));
    let kept = path.as_deref().and_then(whole);
    if let Some(Ok(loaded)) = kept.map(&load) {
        return Ok(loaded);
    }
    let cubin = nvrtc.compile(text, &options)?;
    let loaded = load(cubin.clone())?;
    if let Some(path) = path {
        // A cache that cannot be written is none.
        let _ = keep(&path, &cubin);
    }
    Ok(loaded)
}

/// A file's content behind its own hash.
fn whole(path: &Path) -> Option<Vec<u8>> {
    let bytes = fs::read(path).ok()?;
    let (hash, cubin) = bytes.split_at_checked(64)?;
    (hex(cubin).as_bytes() == hash).then(|| cubin.into())
}

/// Written beside and renamed: readers see all of it or nothing.
fn keep(path: &Path, cubin: &[u8]) -> std::io::Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(folder)?;
    let beside = path.with_extension(format!("{}.part", process::id()));
    let mut bytes = hex(cubin).into_bytes();
    bytes.extend_from_slice(cubin);
    let written = fs::write(&beside, bytes).and_then(|()| fs::rename(&beside, path));
    if written.is_err() {
        let _ = fs::remove_file(&beside);
    }
    written
}

fn hex(bytes: &[u8]) -> String {
    let digest = Sha256::digest(bytes);
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

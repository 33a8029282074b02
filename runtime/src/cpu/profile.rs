//! What was measured to be the fastest on a machine, for one network: `netc tune` writes it, `--profile` and
//! [`Device::with_profile`](crate::Device::with_profile) take it.

use super::conv::method;
use super::{Level, Method};
use crate::plan::{Conv, Op, Plan};
use crate::{Error, ErrorKind};
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt;

/// The fastest method for each step of a network that has several.
///
/// As text it is TOML: what was measured, then a table a step. `step` marks the operation that was measured, with its sizes; where a step is another
/// one by now, its entry counts for nothing.
///
/// ```toml
/// network = "4f1d6a3f1d0c2b7e"
/// level = "avx512"
/// batch = 1
/// threads = 2
///
/// [conv2]
/// method = "winograd4"
/// step = "0b8a1f6f3c55d1aa"
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Profile {
    network: u64,
    level: Level,
    /// Images in a batch.
    batch: usize,
    threads: usize,
    steps: Vec<Tuned>,
}

/// What was measured of a step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tuned {
    name: String,
    method: Method,
    step: u64,
}

impl Profile {
    /// A profile of these methods for steps of a plan, measured with these instructions, for batches of this size, by so many threads. Steps of
    /// which none is named are left to the machine.
    #[must_use]
    pub fn new(
        plan: &Plan,
        level: Level,
        batch: usize,
        threads: usize,
        methods: &[(&str, Method)],
    ) -> Self {
        let tuned = |name: &str, method| {
            let mut steps = plan.forward.iter();
            let step = steps.find(|step| step.name == name)?;
            Some(Tuned {
                name: name.to_string(),
                method,
                step: mark(&step.op),
            })
        };
        let steps = methods.iter();
        Self {
            network: network(plan),
            level,
            batch,
            threads,
            steps: steps.filter_map(|(name, m)| tuned(name, *m)).collect(),
        }
    }

    /// Reads a profile's file.
    ///
    /// # Errors
    /// If the file cannot be read, or as [`parse`](Self::parse).
    #[cfg(feature = "std")]
    pub fn read(path: impl AsRef<std::path::Path>) -> Result<Self, Error> {
        let path = path.as_ref();
        let text = std::fs::read_to_string(path)
            .map_err(|error| Error::new(ErrorKind::Io, error.to_string()));
        text.and_then(|text| Self::parse(&text))
            .map_err(|error| error.about(path.display().to_string()))
    }

    /// Reads a profile's text: what [`Display`](fmt::Display) writes, with comments, and other keys, which are passed over.
    ///
    /// # Errors
    /// With [`ErrorKind::Choice`], if it is none: with the line.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let mut head = Section::default();
        let mut steps: Vec<(String, Section)> = Vec::new();
        for (i, line) in text.lines().enumerate() {
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            if let Some(name) = line.strip_prefix('[').and_then(|l| l.strip_suffix(']')) {
                steps.push((name.trim().to_string(), Section::default()));
                continue;
            }
            let section = steps.last_mut().map_or(&mut head, |(_, section)| section);
            let Some((key, value)) = line.split_once('=') else {
                return Err(bad(format!("line {}: `{line}` is no `key = value`", i + 1)));
            };
            let value = value.trim().trim_matches('"');
            section.pairs.push((key.trim(), value));
        }
        let tuned = |(name, section): &(String, Section<'_>)| {
            let within = |why: String| bad(format!("[{name}]: {why}"));
            Ok(Tuned {
                name: name.clone(),
                method: named("method", section, Method::ALL, |m| m.name()).map_err(within)?,
                step: section.mark("step").map_err(within)?,
            })
        };
        let count = |key| head.number(key, 10).map(|n| n as usize);
        Ok(Self {
            network: head.mark("network").map_err(bad)?,
            level: named("level", &head, Level::ALL, |level| level.name()).map_err(bad)?,
            batch: count("batch").map_err(bad)?,
            threads: count("threads").map_err(bad)?,
            steps: steps.iter().map(tuned).collect::<Result<_, Error>>()?,
        })
    }

    /// The instructions that it was measured with.
    #[must_use]
    pub fn level(&self) -> Level {
        self.level
    }

    /// The batch and the number of threads that it was measured with. It serves others too.
    #[must_use]
    pub fn measured_with(&self) -> [usize; 2] {
        [self.batch, self.threads]
    }

    /// The fastest method for the step of this name, if it is the operation that was measured.
    pub(crate) fn method(&self, name: &str, op: &Op) -> Option<Method> {
        let mut steps = self.steps.iter();
        let tuned = steps.find(|tuned| tuned.name == name)?;
        let can = |d: Conv| method::can(&d, tuned.method, self.level);
        let can = op.convolution().is_some_and(can);
        (can && tuned.step == mark(op)).then_some(tuned.method)
    }

    /// That it is for machines of this level.
    pub(crate) fn check_level(&self, level: Level) -> Result<(), Error> {
        match self.level == level {
            true => Ok(()),
            false => Err(bad(format!(
                "it was measured with {}, and this machine computes with {level}: `netc tune` measures anew",
                self.level
            ))),
        }
    }

    /// That it is this network's.
    pub(crate) fn check_network(&self, plan: &Plan) -> Result<(), Error> {
        match self.network == network(plan) {
            true => Ok(()),
            false => Err(bad(format!(
                "the profile is of another network than {}, or of an older version of it: `netc tune` measures anew",
                plan.name
            ))),
        }
    }
}

impl fmt::Display for Profile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "network = \"{:016x}\"", self.network)?;
        writeln!(f, "level = \"{}\"", self.level)?;
        writeln!(f, "batch = {}", self.batch)?;
        writeln!(f, "threads = {}", self.threads)?;
        for Tuned { name, method, step } in &self.steps {
            writeln!(
                f,
                "\n[{name}]\nmethod = \"{method}\"\nstep = \"{step:016x}\""
            )?;
        }
        Ok(())
    }
}

/// The pairs of a part of the text.
#[derive(Default)]
struct Section<'t> {
    pairs: Vec<(&'t str, &'t str)>,
}

impl Section<'_> {
    fn get(&self, key: &str) -> Result<&str, String> {
        let mut pairs = self.pairs.iter();
        let found = pairs.find(|(this, _)| *this == key);
        let (_, value) = found.ok_or_else(|| format!("`{key}` is missing"))?;
        Ok(value)
    }

    fn number(&self, key: &str, radix: u32) -> Result<u64, String> {
        let value = self.get(key)?;
        u64::from_str_radix(value, radix).map_err(|_| format!("`{key}` is `{value}`, no number"))
    }

    fn mark(&self, key: &str) -> Result<u64, String> {
        self.number(key, 16)
    }
}

/// The value that a key names, of these.
fn named<T: Copy>(
    key: &str,
    section: &Section<'_>,
    all: &[T],
    name: impl Fn(&T) -> &'static str,
) -> Result<T, String> {
    let value = section.get(key)?;
    let mut found = all.iter().copied().filter(|this| name(this) == value);
    found
        .next()
        .ok_or_else(|| format!("there is no {key} `{value}`"))
}

fn bad(problem: String) -> Error {
    Error::new(ErrorKind::Choice, problem)
}

/// What tells an operation with its sizes from others.
fn mark(op: &Op) -> u64 {
    fnv(&format!("{op:?}"))
}

/// What tells a network from others: its steps, by name and operation.
fn network(plan: &Plan) -> u64 {
    let steps = plan.forward.iter();
    let all: String = steps
        .map(|step| format!("{} {:?};", step.name, step.op))
        .collect();
    fnv(&all)
}

/// FNV-1a (Fowler, Noll, Vo): the same on every machine.
fn fnv(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "\
network = \"00000000000000ff\"
level = \"portable\"
batch = 4
threads = 2

[conv1]
method = \"direct\"
step = \"000000000000000a\"
";

    #[test]
    fn a_profile_reads_what_it_writes() {
        let profile = Profile::parse(TEXT).expect("a profile");
        assert_eq!(profile.to_string(), TEXT);
        assert_eq!(profile.measured_with(), [4, 2]);
        let noted = format!("# a note\n{TEXT}ms = 0.3\n");
        assert_eq!(Profile::parse(&noted), Ok(profile));
    }

    #[test]
    fn what_is_no_profile_is_told_so() {
        let problem = |from: &str, to: &str| {
            let error = Profile::parse(&TEXT.replace(from, to)).expect_err("a mistake");
            error.to_string()
        };
        assert!(problem("batch = 4", "batch").contains("line 3: `batch`"));
        assert!(problem("batch = 4", "batch = x").contains("`batch` is `x`, no number"));
        assert!(problem("batch = 4\n", "").contains("`batch` is missing"));
        assert!(problem("portable", "mmx").contains("there is no level `mmx`"));
        assert!(problem("direct", "guess").contains("[conv1]: there is no method `guess`"));
    }
}

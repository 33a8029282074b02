//! What netc cannot say of a model, with everything that asks for it.

use crate::refusal::Refusal;
use std::collections::{BTreeMap, BTreeSet};

/// Why a part of a model cannot be said, and the nearest way.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Trouble {
    pub(crate) what: String,
    pub(crate) way: Option<&'static str>,
}

impl Trouble {
    pub(crate) fn new(what: impl Into<String>) -> Self {
        Self {
            what: what.into(),
            way: None,
        }
    }

    pub(crate) fn way(what: impl Into<String>, way: &'static str) -> Self {
        Self {
            what: what.into(),
            way: Some(way),
        }
    }
}

impl From<String> for Trouble {
    fn from(what: String) -> Self {
        Self::new(what)
    }
}

impl From<&str> for Trouble {
    fn from(what: &str) -> Self {
        Self::new(what)
    }
}

/// For each thing that netc cannot say the parts of the model that ask for it.
#[derive(Debug, Default)]
pub(crate) struct Troubles(BTreeMap<Trouble, Vec<String>>);

impl Troubles {
    pub(crate) fn add(&mut self, trouble: Trouble, part: String) {
        self.0.entry(trouble).or_default().push(part);
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Everything that netc cannot say, each with the names of all parts that ask for it. `part` is what the format calls them.
    pub(crate) fn refusal(&self, part: &str) -> Refusal {
        let parts: BTreeSet<&String> = self.0.values().flatten().collect();
        let line = |(trouble, names): (&Trouble, &Vec<String>)| {
            let way = trouble
                .way
                .map(|way| format!(" ({way})"))
                .unwrap_or_default();
            format!("{}{way}: {}", trouble.what, names.join(", "))
        };
        let count = match parts.len() {
            1 => format!("a {part}"),
            n => format!("{n} {part}s"),
        };
        Refusal::new(format!("{count} of it cannot be said in netc"))
            .details(self.0.iter().map(line))
    }
}

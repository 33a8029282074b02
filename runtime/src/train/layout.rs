//! Where each tensor of the weights file lies in the flat buffer of parameters.

use crate::plan::Param;
use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::ops::Range;

/// The tensors in the order of the plan, each as its file stores it, one after the other.
#[derive(Clone, Debug)]
pub struct Layout {
    params: Vec<Param>,
    ranges: BTreeMap<String, Range<usize>>,
    len: usize,
}

impl Layout {
    /// Lays out these tensors.
    ///
    /// # Panics
    /// If two have the same name, or all together exceed the address space.
    #[must_use]
    pub fn new(params: &[Param]) -> Self {
        Self::aligned(params, 1)
    }

    /// Each tensor from a multiple of so many numbers on; what lies between them is no tensor's.
    pub(crate) fn aligned(params: &[Param], numbers: usize) -> Self {
        let mut len = 0_usize;
        let mut ranges = BTreeMap::new();
        for param in params {
            let start = len.checked_next_multiple_of(numbers);
            let mut shape = param.shape.iter();
            let count = shape.try_fold(1_usize, |count, &size| count.checked_mul(size));
            let place = start.zip(count).and_then(|(start, count)| {
                let end = start.checked_add(count)?;
                Some((start, end))
            });
            let Some((start, end)) = place else {
                panic!("`{}` exceeds the address space", param.name)
            };
            len = end;
            let other = ranges.insert(param.name.clone(), start..len);
            assert!(other.is_none(), "two tensors `{}`", param.name);
        }
        Self {
            ranges,
            params: params.to_vec(),
            len,
        }
    }

    /// Numbers in all tensors, and between them.
    #[must_use]
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there is no parameter.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The tensors, in order.
    pub(super) fn list(&self) -> &[Param] {
        &self.params
    }

    /// The tensors with their places, in order.
    pub fn params(&self) -> impl Iterator<Item = (&Param, Range<usize>)> {
        self.params
            .iter()
            .map(|p| (p, self.ranges[&p.name].clone()))
    }

    /// The place of `layer.leaf`.
    ///
    /// # Panics
    /// If there is no such tensor, or it has another size: a fault of the plan.
    pub(crate) fn range(&self, layer: &str, leaf: &str, len: usize) -> Range<usize> {
        let name = format!("{layer}.{leaf}");
        let range = self.ranges.get(&name);
        let range = range.unwrap_or_else(|| panic!("a plan without `{name}`"));
        let found = range.len();
        assert!(
            found == len,
            "`{name}` has {found} numbers, the operation takes {len}"
        );
        range.clone()
    }

    /// The elements of a weight that its connection table leaves out, as ranges of the flat buffer.
    pub(crate) fn unconnected(&self, layer: &str) -> Vec<Range<usize>> {
        let name = format!("{layer}.weight");
        let mut found: Vec<Range<usize>> = Vec::new();
        let Some(param) = self.params.iter().find(|p| p.name == name) else {
            return found;
        };
        let start = self.ranges[&name].start;
        for i in crate::weights::unconnected(param) {
            match found.last_mut() {
                Some(last) if last.end == start + i => last.end += 1,
                _ => found.push(start + i..start + i + 1),
            }
        }
        found
    }
}

//! Windows that slide: CONV, DWCONV, POOL, AVGPOOL, SUBSAMPLE.

use super::{Inferred, Site};
use crate::graph::{Conv, Layer, PadMode, Padding, Pool, Shape};
use crate::layers;
use crate::text::thousands;
use netc_grammar::{Code, Diagnostic};

/// A window along one axis.
#[derive(Clone, Copy)]
struct Axis {
    name: &'static str,
    size: usize,
    kernel: usize,
    dilation: usize,
    stride: usize,
    before: usize,
    after: usize,
    /// Rounds up: a window that is not full counts, if it starts inside the picture or in the padding before.
    ceil: bool,
}

impl Axis {
    /// Cells from the first to the last of the kernel.
    fn reach(self) -> u64 {
        self.dilation as u64 * (self.kernel as u64 - 1) + 1
    }

    fn padded(self) -> u64 {
        self.size as u64 + self.before as u64 + self.after as u64
    }

    /// `(size + padding - reach) / stride + 1`, rounded down or up; below 1 where no window fits.
    fn count(self) -> i64 {
        let (room, stride) = (
            self.padded() as i64 - self.reach() as i64,
            self.stride as i64,
        );
        let room = if self.ceil { room + stride - 1 } else { room };
        room.div_euclid(stride) + 1
    }

    /// How many windows fit; `None` if none does. As in PyTorch's `ceil_mode`, none starts in the padding after the picture.
    fn windows(self) -> Option<u64> {
        let count = u64::try_from(self.count()).ok().filter(|n| *n > 0)?;
        let last = (count - 1) * self.stride as u64;
        let beyond = self.ceil && last >= (self.before + self.size) as u64;
        Some(count - u64::from(beyond))
    }

    /// Cells after the padding that the last window reaches.
    fn overhang(self) -> usize {
        let last = self.windows().map_or(0, |n| (n - 1) * self.stride as u64);
        (last + self.reach()).saturating_sub(self.padded()) as usize
    }

    /// TensorFlow's `same`: `ceil(size / stride)` windows, the odd cell of padding after the picture.
    fn same(mut self) -> Self {
        let windows = self.size.div_ceil(self.stride) as u64;
        let span = (windows - 1) * self.stride as u64 + self.reach();
        let padding = span.saturating_sub(self.size as u64);
        self.before = (padding / 2) as usize;
        self.after = (padding - padding / 2) as usize;
        self
    }

    /// `(6 - 11) / 1 + 1 = -4`, as it is computed: padding and dilation only where there are any.
    fn arithmetic(self) -> String {
        let padding = match (self.before, self.after) {
            (0, 0) => String::new(),
            (before, after) => format!(" + {before} + {after}"),
        };
        let reach = match self.dilation {
            1 => self.kernel.to_string(),
            d => format!("({d} * ({} - 1) + 1)", self.kernel),
        };
        let room = format!("({}{padding} - {reach}) / {}", self.size, self.stride);
        let windows = self.count();
        if self.ceil {
            format!("ceil({room}) + 1 = {windows}")
        } else {
            format!("{room} + 1 = {windows}")
        }
    }

    /// Whether the first or the last window sees padding only.
    fn has_empty_window(self) -> bool {
        let last = self.windows().map_or(0, |n| (n - 1) * self.stride as u64);
        let before = self.before as u64;
        // Rounding up leaves such a last window out, and the padding for it would stand there in vain.
        let after = self.ceil && self.after as u64 >= self.reach();
        before >= self.reach() || after || last >= before + self.size as u64
    }
}

impl Site<'_> {
    pub(super) fn conv(&mut self, mut conv: Conv) -> Inferred {
        let [h, w, channels] = self.picture()?;
        if conv.depthwise {
            (conv.filters, conv.groups) = (channels, channels);
        }
        self.check_groups(conv.groups, conv.filters, channels)?;
        self.check_connections(&conv, channels)?;
        self.weights_bounded(&[
            conv.filters,
            channels / conv.groups,
            conv.kernel[0],
            conv.kernel[1],
        ])?;
        let axes = self.axes([h, w], conv.kernel, conv.dilation, conv.stride, conv.pad);
        conv.pad.cells = cells(axes);
        let [h, w] = self.fit(axes)?;
        let filters = conv.filters;
        self.node.layer = Layer::Conv(conv);
        Ok(Shape::Picture([h, w, filters]))
    }

    pub(super) fn pool(&mut self, mut pool: Pool) -> Inferred {
        let [h, w, channels] = self.picture()?;
        let axes = self
            .axes([h, w], pool.window, [1, 1], pool.stride, pool.pad)
            .map(|axis| Axis {
                ceil: pool.ceil,
                ..axis
            });
        let [h, w] = self.fit(axes)?;
        if let Some(axis) = axes.into_iter().find(|a| a.has_empty_window()) {
            return Err(Some(Box::new(self.empty_window(axis))));
        }
        pool.pad.cells = cells(axes);
        pool.overhang = axes.map(Axis::overhang);
        self.node.layer = Layer::Pool(pool);
        Ok(Shape::Picture([h, w, channels]))
    }

    pub(super) fn subsample(&mut self, window: [usize; 2], stride: [usize; 2]) -> Inferred {
        let [h, w, channels] = self.picture()?;
        let none = Padding {
            mode: PadMode::Valid,
            cells: [0; 4],
        };
        let [h, w] = self.fit(self.axes([h, w], window, [1, 1], stride, none))?;
        Ok(Shape::Picture([h, w, channels]))
    }

    fn axes(
        &self,
        size: [usize; 2],
        kernel: [usize; 2],
        dilation: [usize; 2],
        stride: [usize; 2],
        pad: Padding,
    ) -> [Axis; 2] {
        let [top, bottom, left, right] = pad.cells;
        let padding = [(top, bottom), (left, right)];
        [0, 1].map(|i| {
            let axis = Axis {
                name: ["high", "wide"][i],
                size: size[i],
                kernel: kernel[i],
                dilation: dilation[i],
                stride: stride[i],
                before: padding[i].0,
                after: padding[i].1,
                ceil: false,
            };
            if pad.mode == PadMode::Same {
                axis.same()
            } else {
                axis
            }
        })
    }

    /// Height and width of the output.
    fn fit(&self, axes: [Axis; 2]) -> Inferred<[usize; 2]> {
        let mut fits = [0; 2];
        for (fit, axis) in fits.iter_mut().zip(axes) {
            let Some(windows) = axis.windows() else {
                return Err(Some(Box::new(self.does_not_fit(axis, axes))));
            };
            *fit = windows as usize;
        }
        Ok(fits)
    }

    fn does_not_fit(&self, axis: Axis, axes: [Axis; 2]) -> Diagnostic {
        let kind = layers::kind(&self.node.layer);
        let what = if matches!(self.node.layer, Layer::Conv(_)) {
            "kernel"
        } else {
            "window"
        };
        let [h, w] = axes;
        let picture = format!("{}x{}", h.size, w.size);
        let error = self
            .error(
                Code::E0401,
                format!(
                    "the {}x{} {what} of {kind} does not fit into {picture}",
                    h.kernel, w.kernel
                ),
            )
            .primary(format!(
                "{} cells {}, but the picture has {}",
                thousands(axis.reach()),
                axis.name,
                thousands(axis.padded())
            ));
        let error = self.with_source(error).note(axis.arithmetic());
        let pads = matches!(self.node.layer, Layer::Conv(_) | Layer::Pool(_));
        match (pads, axis.size) {
            (true, _) => error.help(format!(
                "pad the picture, `{kind}(..., same)`, make the {what} smaller, or pool less before"
            )),
            (false, _) => error.help(format!("make the {what} smaller")),
        }
    }

    fn empty_window(&self, axis: Axis) -> Diagnostic {
        let kind = layers::kind(&self.node.layer);
        let error = self
            .error(
                Code::E0406,
                format!("a window of this {kind} would see padding only"),
            )
            .primary(format!(
                "{} of padding for a window {} cells {}",
                axis.before.max(axis.after),
                axis.kernel,
                axis.name
            ));
        let note = match &self.node.layer {
            Layer::Pool(pool) if pool.count_pad => "its mean would be 0, whatever comes in",
            _ => {
                "padded cells count for neither maximum nor average, so such a window has no value"
            }
        };
        self.with_source(error)
            .note(note)
            .help(format!("pad by less than {} cells", axis.kernel))
    }

    pub(super) fn check_groups(
        &self,
        groups: usize,
        filters: usize,
        channels: usize,
    ) -> Inferred<()> {
        let (what, n) = match (channels % groups, filters % groups) {
            (0, 0) => return Ok(()),
            (0, _) => ("filters", filters),
            _ => ("channels", channels),
        };
        let error = self.parted(n, what, groups);
        let error = if what == "channels" {
            self.with_source(error)
        } else {
            error
        };
        Err(Some(Box::new(error.help(
            "`groups` divides both the channels that come in and `filters`",
        ))))
    }

    /// A connection table fits the maps on both sides.
    fn check_connections(&self, conv: &Conv, channels: usize) -> Inferred<()> {
        let Some(table) = &conv.connect else {
            return Ok(());
        };
        let wrong = |headline: String, text: String| {
            Err(Some(Box::new(self.with_source(
                self.error(Code::E0404, headline).primary(text),
            ))))
        };
        if conv.groups != 1 {
            return wrong(
                "`connect` and `groups` exclude each other".to_owned(),
                format!("groups={} and a connection table", conv.groups),
            );
        }
        if table.len() != conv.filters {
            let headline = format!(
                "the connection table has {} rows for {} filters",
                table.len(),
                conv.filters
            );
            return wrong(headline, "one row for each output map".to_owned());
        }
        for (index, row) in table.iter().enumerate() {
            let mut sorted = row.clone();
            sorted.sort_unstable();
            if row.is_empty() {
                return wrong(
                    format!("output map {index} is connected to nothing"),
                    "each row names at least one input map".to_owned(),
                );
            }
            if let Some(map) = row.iter().find(|&&map| map >= channels) {
                let headline = format!(
                    "output map {index} is connected to input map {map}, and there are {channels}"
                );
                return wrong(
                    headline,
                    format!("input maps are counted from 0 to {}", channels - 1),
                );
            }
            if let Some(pair) = sorted.windows(2).find(|pair| pair[0] == pair[1]) {
                let headline = format!(
                    "output map {index} is connected to input map {} twice",
                    pair[0]
                );
                return wrong(headline, "each input map at most once".to_owned());
            }
        }
        Ok(())
    }
}

fn cells([vertical, horizontal]: [Axis; 2]) -> [usize; 4] {
    [
        vertical.before,
        vertical.after,
        horizontal.before,
        horizontal.after,
    ]
}

#[cfg(test)]
mod tests {
    use super::Axis;

    fn axis(size: usize, kernel: usize, stride: usize) -> Axis {
        Axis {
            name: "high",
            size,
            kernel,
            dilation: 1,
            stride,
            before: 0,
            after: 0,
            ceil: false,
        }
    }

    #[test]
    fn arithmetic_shows_what_is_there() {
        assert_eq!(axis(6, 11, 1).arithmetic(), "(6 - 11) / 1 + 1 = -4");
        assert_eq!(
            Axis {
                before: 1,
                after: 2,
                dilation: 2,
                ..axis(3, 5, 2)
            }
            .arithmetic(),
            "(3 + 1 + 2 - (2 * (5 - 1) + 1)) / 2 + 1 = -1"
        );
    }

    /// PyTorch 2's `max_pool2d(ceil_mode=True)`: sizes of outputs, where the last window may start, and what it overhangs.
    #[test]
    fn ceil_counts_as_pytorch_does() {
        for (size, kernel, stride, pad, windows, overhang) in [
            (112, 3, 2, 0, 56, 1),
            (7, 2, 2, 0, 4, 1),
            (5, 2, 2, 1, 3, 0),
            (4, 2, 2, 1, 3, 0),
            (3, 2, 3, 1, 2, 0),
            (4, 2, 3, 1, 2, 0),
            (5, 1, 3, 0, 2, 0),
            (6, 1, 4, 0, 2, 0),
            (2, 3, 2, 0, 1, 1),
            (6, 3, 4, 1, 2, 0),
            (9, 3, 4, 1, 3, 0),
            (7, 3, 4, 1, 2, 0),
            (8, 3, 4, 1, 3, 1),
        ] {
            let axis = Axis {
                before: pad,
                after: pad,
                ceil: true,
                ..axis(size, kernel, stride)
            };
            assert_eq!(
                (axis.windows(), axis.overhang()),
                (Some(windows), overhang),
                "{size} {kernel} {stride} {pad}"
            );
        }
        assert_eq!(
            Axis {
                ceil: true,
                ..axis(2, 5, 2)
            }
            .arithmetic(),
            "ceil((2 - 5) / 2) + 1 = 0"
        );
    }

    /// TensorFlow's documentation of `SAME`: the odd cell comes after.
    #[test]
    fn same_pads_as_tensorflow_does() {
        for (size, kernel, stride, windows, before, after) in [
            (9, 3, 2, 5, 1, 1),
            (10, 3, 2, 5, 0, 1),
            (5, 2, 1, 5, 0, 1),
            (6, 1, 2, 3, 0, 0),
            (7, 5, 3, 3, 2, 2),
        ] {
            let same = axis(size, kernel, stride).same();
            assert_eq!(
                (same.windows(), same.before, same.after),
                (Some(windows), before, after),
                "{size} {kernel} {stride}"
            );
        }
    }
}

//! DECONV: what comes out is larger than what goes in.

use super::{Inferred, Site};
use crate::graph::{Deconv, Layer, PadMode, Shape};
use crate::layers;
use netc_grammar::{Code, Diagnostic};

/// One axis of a transposed convolution.
#[derive(Clone, Copy)]
struct Axis {
    name: &'static str,
    size: usize,
    stride: usize,
    /// Cells from the first to the last of the kernel.
    reach: u64,
    before: usize,
    after: usize,
    output_pad: usize,
}

impl Axis {
    /// `(size - 1) * stride + reach + output_pad - padding`; below 1 where nothing is left.
    fn length(self) -> i64 {
        let whole = (self.size as i64 - 1) * self.stride as i64 + self.reach as i64;
        whole + self.output_pad as i64 - self.before as i64 - self.after as i64
    }

    /// TensorFlow's `same`: the stride times what comes in; what is more is cut off, the odd cell after.
    fn same(mut self) -> Self {
        let more = self.reach.saturating_sub(self.stride as u64) as usize;
        (self.before, self.after) = (more / 2, more - more / 2);
        self.output_pad = (self.stride as u64).saturating_sub(self.reach) as usize;
        self
    }

    /// `(6 - 1) * 2 + 3 - 1 - 1 = 11`
    fn arithmetic(self) -> String {
        let more = match self.output_pad {
            0 => String::new(),
            n => format!(" + {n}"),
        };
        let cut = match (self.before, self.after) {
            (0, 0) => String::new(),
            (before, after) => format!(" - {before} - {after}"),
        };
        format!(
            "({} - 1) * {} + {}{more}{cut} = {}",
            self.size,
            self.stride,
            self.reach,
            self.length()
        )
    }
}

impl Site<'_> {
    pub(super) fn deconv(&mut self, mut deconv: Deconv) -> Inferred {
        let [h, w, channels] = self.picture()?;
        self.check_groups(deconv.groups, deconv.filters, channels)?;
        self.weights_bounded(&[
            channels,
            deconv.filters / deconv.groups,
            deconv.kernel[0],
            deconv.kernel[1],
        ])?;
        let axes = axes(&deconv, [h, w]);
        for axis in axes {
            self.check_axis(axis)?;
        }
        let [vertical, horizontal] = axes;
        deconv.pad.cells = [
            vertical.before,
            vertical.after,
            horizontal.before,
            horizontal.after,
        ];
        deconv.output_pad = axes.map(|axis| axis.output_pad);
        let [h, w] = axes.map(|axis| axis.length() as usize);
        let filters = deconv.filters;
        self.node.layer = Layer::Deconv(deconv);
        Ok(Shape::Picture([h, w, filters]))
    }

    fn check_axis(&self, axis: Axis) -> Inferred<()> {
        let kind = layers::kind(&self.node.layer);
        let wrong = |headline: String| self.error(Code::E0401, headline);
        let widest = axis.before.max(axis.after);
        let error: Diagnostic = if axis.output_pad >= axis.stride {
            wrong(format!("`output_pad` of {kind} is below its stride"))
                .primary(format!(
                    "{} more, and a stride of {}",
                    axis.output_pad, axis.stride
                ))
                .help("a larger stride or kernel makes the output larger")
        } else if widest as u64 >= axis.reach {
            wrong(format!("{kind} cuts off more than its kernel reaches"))
                .primary(format!(
                    "{widest} of padding for a kernel {} cells {}",
                    axis.reach, axis.name
                ))
                .note("padding of a transposed convolution cuts off what comes out")
                .help(format!("pad by less than {} cells", axis.reach))
        } else if axis.length() < 1 {
            wrong(format!("nothing is left of what {kind} gives"))
                .primary(format!("it would be {} cells {}", axis.length(), axis.name))
                .note(axis.arithmetic())
                .help("cut off less: padding of a transposed convolution makes the output smaller")
        } else {
            return Ok(());
        };
        Err(Some(Box::new(self.with_source(error))))
    }
}

fn axes(deconv: &Deconv, size: [usize; 2]) -> [Axis; 2] {
    let [top, bottom, left, right] = deconv.pad.cells;
    let padding = [(top, bottom), (left, right)];
    [0, 1].map(|i| {
        let axis = Axis {
            name: ["high", "wide"][i],
            size: size[i],
            stride: deconv.stride[i],
            reach: deconv.dilation[i] as u64 * (deconv.kernel[i] as u64 - 1) + 1,
            before: padding[i].0,
            after: padding[i].1,
            output_pad: deconv.output_pad[i],
        };
        if deconv.pad.mode == PadMode::Same {
            axis.same()
        } else {
            axis
        }
    })
}

#[cfg(test)]
mod tests {
    use super::Axis;

    const AXIS: Axis = Axis {
        name: "high",
        size: 6,
        stride: 2,
        reach: 3,
        before: 1,
        after: 1,
        output_pad: 1,
    };

    #[test]
    fn arithmetic_shows_what_is_there() {
        assert_eq!(AXIS.arithmetic(), "(6 - 1) * 2 + 3 + 1 - 1 - 1 = 12");
        let bare = Axis {
            before: 0,
            after: 0,
            output_pad: 0,
            ..AXIS
        };
        assert_eq!(bare.arithmetic(), "(6 - 1) * 2 + 3 = 13");
    }

    /// As `tf.nn.conv2d_transpose(padding="SAME")`.
    #[test]
    fn same_is_the_stride_times_the_input() {
        for (reach, stride, cut, more) in [
            (4, 2, (1, 1), 0),
            (3, 2, (0, 1), 0),
            (5, 1, (2, 2), 0),
            (1, 3, (0, 0), 2),
        ] {
            let same = Axis {
                reach,
                stride,
                ..AXIS
            }
            .same();
            assert_eq!((same.before, same.after), cut, "{reach} {stride}");
            assert_eq!(same.output_pad, more, "{reach} {stride}");
            assert_eq!(same.length(), 6 * stride as i64, "{reach} {stride}");
        }
    }
}

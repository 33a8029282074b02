//! What goes into a network: its shape, and how the bytes of a picture become numbers.

use super::{Done, Reader, Spot};
use crate::keras::outline::Outline;
use crate::keras::view::View;
use crate::network::Network;
use crate::network::usual::{standing, standing_layer};
use crate::refusal::Refusal;
use netc_compiler::graph::{Layer, Shape};
use netc_plan::{Op, Scale};

/// The input of a network.
pub(super) struct Input {
    pub(super) shape: Shape,
    /// The shape that Keras sees.
    pub(super) dims: Vec<usize>,
    pub(super) notes: Vec<String>,
}

/// The input as the model says it, and `asked` where it leaves rows and columns open.
pub(super) fn of(outline: &Outline<'_>, asked: Option<[usize; 3]>) -> Result<Input, Refusal> {
    if outline.inputs.len() != 1 {
        let names = outline.inputs.iter().map(|key| key.0.to_owned());
        return Err(
            Refusal::new("it has several inputs, and networks of netc have one").details(names),
        );
    }
    let open = |what: &str| {
        Refusal::new(format!("{what} of its input is left open"))
            .help("say it: `--input 224x224x3`, height x width x channels")
    };
    let said = outline.input_shape().and_then(|shape| shape.as_array());
    let sizes: Vec<Option<usize>> = match said.map(Vec::as_slice) {
        Some([_, sizes @ ..]) => {
            let size = |n: &serde_json::Value| n.as_u64().and_then(|n| usize::try_from(n).ok());
            sizes.iter().map(size).collect()
        }
        _ => vec![None; 3],
    };
    let asked = asked.map(|asked| asked.to_vec()).unwrap_or_default();
    let mut dims = Vec::new();
    for (at, size) in sizes.iter().enumerate() {
        let from = asked.get(at).filter(|_| sizes.len() == 3);
        let size = size.or(from.copied());
        dims.push(size.filter(|n| *n > 0).ok_or_else(|| open("the size"))?);
    }
    let mut notes = Vec::new();
    let shape = match dims[..] {
        [h, w, c] => Shape::Picture([h, w, c]),
        [h, w] => {
            notes.push(format!(
                "its input of {h}x{w} numbers is a picture of one channel here: {h}x{w}x1"
            ));
            Shape::Picture([h, w, 1])
        }
        [n] => match reshaped(outline, n) {
            Some([h, w, c]) => {
                notes.push(format!("its input of {n} numbers is the picture here that it becomes: {h}x{w}x{c}, in the same order"));
                Shape::Picture([h, w, c])
            }
            None => Shape::Vector(n),
        },
        _ => {
            let what = format!(
                "its input has {} axes, and netc's are pictures and vectors",
                dims.len()
            );
            return Err(Refusal::new(what));
        }
    };
    Ok(Input { shape, dims, notes })
}

/// The picture that a vector becomes before anything else reads it.
fn reshaped(outline: &Outline<'_>, count: usize) -> Option<[usize; 3]> {
    let [reader] = outline.readers(outline.inputs.first()?)[..] else {
        return None;
    };
    if reader.class != "Reshape" {
        return None;
    }
    let target = reader.options.ints("target_shape").ok()??;
    let size = |n: &i64| usize::try_from(*n).ok();
    let sizes: Vec<usize> = target.iter().map(size).collect::<Option<_>>()?;
    let product = sizes.iter().try_fold(1_usize, |all, n| all.checked_mul(*n));
    <[usize; 3]>::try_from(sizes)
        .ok()
        .filter(|_| product == Some(count))
}

/// What is done to the bytes of a picture: `(byte * scale - mean) / std`, and by how many layers.
pub(super) struct Pixels {
    layers: usize,
    scale: f64,
    mean: Vec<f64>,
    std: Vec<f64>,
}

impl Default for Pixels {
    fn default() -> Self {
        Self {
            layers: 0,
            scale: 1.0,
            mean: vec![0.0],
            std: vec![1.0],
        }
    }
}

impl Pixels {
    /// As the language has it.
    pub(super) fn written(&self) -> netc_plan::Pixels {
        let short = |values: &[f64]| values.iter().map(|x| *x as f32).collect();
        netc_plan::Pixels {
            scale: self.scale as f32,
            mean: short(&self.mean),
            std: short(&self.std),
        }
    }

    /// `x * scale + offset` behind what is there; whether it could be said.
    fn then(&mut self, scale: &[f64], offset: &[f64]) -> bool {
        let is_plain = self.mean == [0.0] && self.std == [1.0];
        if let ([scale], [_], true) = (scale, offset, is_plain)
            && *scale > 0.0
        {
            self.scale *= scale;
            self.mean = offset.iter().map(|x| 0.0 - x).collect();
            self.layers += 1;
            return true;
        }
        let lengths = [scale.len(), offset.len(), self.mean.len(), self.std.len()];
        let count = lengths.into_iter().max().unwrap_or(1);
        let at = |values: &[f64], i: usize| values[i % values.len()];
        let each = |i: usize| {
            let std = at(&self.std, i) / at(scale, i);
            (at(&self.mean, i) - at(offset, i) * std, std)
        };
        let (mean, std): (Vec<f64>, Vec<f64>) = (0..count).map(each).unzip();
        let fits = |x: &f64| (*x as f32).is_finite();
        if !mean.iter().all(fits) || !std.iter().all(|x| fits(x) && *x as f32 > 0.0) {
            return false;
        }
        (self.mean, self.std) = (mean, std);
        self.layers += 1;
        true
    }
}

impl Reader<'_> {
    /// Whether this is the input without what INPUT does to it by now.
    pub(super) fn is_stale(&self, view: &View) -> bool {
        view.node == Network::INPUT && view.pixels != self.pixels.layers
    }

    pub(super) fn rescaling(&mut self, spot: &Spot<'_, '_>, view: &View) -> Done {
        let scale = spot.options.numbers("scale")?.unwrap_or_else(|| vec![1.0]);
        let offset = spot.options.numbers("offset")?.unwrap_or_else(|| vec![0.0]);
        self.of_pixels(view, &scale, &offset)
    }

    pub(super) fn normalization(&mut self, spot: &Spot<'_, '_>, view: &View) -> Done {
        let axes = spot.options.ints("axis")?.unwrap_or_default();
        if spot.options.flag("invert", false) || !(axes.is_empty() || view.is_last(&axes)) {
            return Err("a Normalization that is inverted, or not of channels".into());
        }
        let said = |name: &str| spot.options.numbers(name);
        let (mean, variance) = match (said("mean")?, said("variance")?) {
            (Some(mean), Some(variance)) => (mean, variance),
            _ => {
                let mut given = self.given(spot)?;
                let mut long = |name: &str| {
                    let values = given.any(name)?.values;
                    Ok::<Vec<f64>, super::Trouble>(values.iter().map(|x| f64::from(*x)).collect())
                };
                (long("mean")?, long("variance")?)
            }
        };
        // Keras' smallest deviation.
        let scale: Vec<f64> = variance.iter().map(|v| 1.0 / v.sqrt().max(1e-7)).collect();
        if mean.len() != scale.len() {
            return Err("its means and variances are not as many".into());
        }
        let offset: Vec<f64> = mean.iter().zip(&scale).map(|(m, s)| 0.0 - m * s).collect();
        self.of_pixels(view, &scale, &offset)
    }

    /// What a layer does to pixels: an option of INPUT where nothing stands before it.
    fn of_pixels(&mut self, view: &View, scale: &[f64], offset: &[f64]) -> Done {
        let channels = view.dims.last().copied().unwrap_or(0);
        let count = scale.len().max(offset.len());
        let fits = match self.net.shape(Network::INPUT) {
            Shape::Picture([_, _, c]) => count == 1 || (count == channels && c == channels),
            _ => false,
        };
        let is_first = view.node == Network::INPUT && self.net.is_empty() && fits;
        if !is_first || !self.pixels.then(scale, offset) {
            return self.affine(view, scale, offset);
        }
        self.note(
            "what it does to pixels first stands in INPUT (scale, mean, std): it is done to pictures, not to the tensors that `netc run` takes",
        );
        Ok(View {
            pixels: self.pixels.layers,
            ..view.clone()
        })
    }

    /// `x * scale + offset`, one number a channel or one for all.
    pub(super) fn affine(&mut self, view: &View, scale: &[f64], offset: &[f64]) -> Done {
        let channels = view.dims.last().copied().unwrap_or(0);
        let one_each = |all: &[f64]| all.len() == 1 || all.len() == channels;
        if !one_each(scale) || !one_each(offset) {
            return Err("it has another number for each place, and netc one a channel".into());
        }
        let node = self.channels(view)?;
        let [.., c] = self.net.hwc(node);
        let row = |values: &[f64]| (0..c).map(|i| values[i % values.len()] as f32).collect();
        let made = match offset.iter().all(|x| *x == 0.0) {
            true => {
                let layer = Layer::Op(Op::Scale(Scale::DEFAULT));
                self.add(layer, &[node], vec![("weight", row(scale))])?
            }
            false => self.add(standing_layer(), &[node], standing(row(scale), row(offset)))?,
        };
        Ok(view.at(made))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_done_to_pixels_is_said_in_one() {
        let mut pixels = Pixels::default();
        assert!(pixels.then(&[1.0 / 127.5], &[-1.0]));
        let written = pixels.written();
        assert_eq!(
            (written.scale, &written.mean[..]),
            (1.0 / 127.5, &[1.0][..])
        );
        // And then (x - 0.5) / 0.25 of the second channel.
        assert!(pixels.then(&[1.0, 4.0], &[0.0, -2.0]));
        let written = pixels.written();
        assert_eq!(
            (&written.mean[..], &written.std[..]),
            (&[1.0, 1.5][..], &[1.0, 0.25][..])
        );
        assert!(!Pixels::default().then(&[-1.0], &[0.0]));
        assert!(!Pixels::default().then(&[0.0], &[0.0]));
    }
}

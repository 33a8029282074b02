//! Where the tensors of a layer stand in the file.

use crate::hdf5::{Array, File, Read};
use crate::trouble::Trouble;

/// How a file names its tensors.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// `.keras`: `layers/conv2d_1/vars/0`, by the class of the layer and how many of the class stand before.
    Paths,
    /// `.h5`: by the name of the layer. What is inside a nested model stands in one group, which is the outermost's.
    Names,
}

/// Tensors of a layer. No layer has more than four.
const TENSORS: usize = 8;

/// Where a layer stands in its model.
#[derive(Clone, Debug, Default)]
pub(super) struct Place<'j> {
    /// `layers/functional/layers/conv2d_1`
    path: String,
    /// Names of the models that it is in but the outermost, and its own.
    names: Vec<&'j str>,
}

impl<'j> Place<'j> {
    /// Of a layer in a model that stands here.
    pub(super) fn inside(&self, class: &str, number: usize, name: &'j str) -> Self {
        let between = if self.path.is_empty() { "" } else { "/" };
        let number = match number {
            0 => String::new(),
            n => format!("_{n}"),
        };
        let snake = snake(class);
        let mut names = self.names.clone();
        names.push(name);
        Self {
            path: format!("{}{between}layers/{snake}{number}", self.path),
            names,
        }
    }

    /// How messages call it.
    pub(super) fn name(&self) -> String {
        self.names.join("/")
    }
}

/// Keras' name for a class in paths: `DepthwiseConv2D` is `depthwise_conv2d`.
fn snake(class: &str) -> String {
    let letters: Vec<char> = class
        .chars()
        .filter(|c| c.is_alphanumeric() || *c == '_')
        .collect();
    let mut out = String::new();
    for (at, letter) in letters.iter().enumerate() {
        let before = at.checked_sub(1).map(|before| letters[before]);
        let next_is_small = letters.get(at + 1).is_some_and(char::is_ascii_lowercase);
        let begins = before.is_some_and(|before| next_is_small || before.is_ascii_lowercase());
        if letter.is_ascii_uppercase() && begins {
            out.push('_');
        }
        out.extend(letter.to_lowercase());
    }
    out
}

/// The weights of a file.
pub(super) struct Weights<'a> {
    file: File<'a>,
    form: Form,
}

impl<'a> Weights<'a> {
    pub(super) fn new(file: File<'a>, form: Form) -> Self {
        Self { file, form }
    }

    /// The tensors of a layer, in Keras' order.
    pub(super) fn of(&self, place: &Place<'_>) -> Result<Given, Trouble> {
        let arrays = match self.form {
            Form::Paths => self.by_path(place),
            Form::Names => self.by_name(place),
        };
        match arrays {
            Ok(mut arrays) => {
                arrays.reverse();
                Ok(Given(arrays))
            }
            Err(why) => Err(format!("its weights cannot be read: {why}").into()),
        }
    }

    fn by_path(&self, place: &Place<'_>) -> Read<Vec<Read<Array>>> {
        let mut arrays = Vec::new();
        for at in 0..TENSORS {
            let Some(object) = self.file.object(&format!("{}/vars/{at}", place.path))? else {
                break;
            };
            arrays.push(object.array());
        }
        Ok(arrays)
    }

    fn by_name(&self, place: &Place<'_>) -> Read<Vec<Read<Array>>> {
        let (Some(outermost), Some(own)) = (place.names.first(), place.names.last()) else {
            return Ok(Vec::new());
        };
        let group = format!("model_weights/{outermost}");
        let Some(object) = self.file.object(&group)? else {
            return Ok(Vec::new());
        };
        // Lists that are too long for one attribute go on in others.
        let mut names = object.texts("weight_names")?.unwrap_or_default();
        for part in 0.. {
            match object.texts(&format!("weight_names{part}"))? {
                Some(more) => names.extend(more),
                None => break,
            }
        }
        let mine = |name: &&&str| {
            let layer = name.rsplit_once('/').map_or("", |(layer, _)| layer);
            place.names.len() == 1
                || layer
                    .strip_suffix(own)
                    .is_some_and(|before| before.is_empty() || before.ends_with('/'))
        };
        let mut arrays = Vec::new();
        for name in names.iter().filter(mine).take(TENSORS) {
            let object = self.file.object(&format!("{group}/{name}"))?;
            let object = object.filter(|object| object.is_array());
            let object = object.ok_or_else(|| format!("there is no `{name}`"))?;
            arrays.push(object.array());
        }
        Ok(arrays)
    }
}

/// The tensors of a layer that have not been taken yet, the last one first. One that cannot be read may be one that nobody needs.
#[derive(Debug)]
pub(super) struct Given(Vec<Read<Array>>);

impl Given {
    /// The next tensor, which has this shape.
    pub(super) fn take(&mut self, name: &str, dims: &[usize]) -> Result<Vec<f32>, Trouble> {
        let array = self.any(name)?;
        match array.dims == dims {
            true => Ok(array.values),
            false => Err(format!("its {name} is {:?}, not {dims:?}", array.dims).into()),
        }
    }

    /// The next tensor, whatever its shape is.
    pub(super) fn any(&mut self, name: &str) -> Result<Array, Trouble> {
        match self.0.pop() {
            Some(Ok(array)) => Ok(array),
            Some(Err(why)) => Err(format!("its {name} cannot be read: {why}").into()),
            None => Err(format!("its {name} is missing").into()),
        }
    }

    /// The next tensor of one number a channel, or what stands for it where the layer has none.
    pub(super) fn row(
        &mut self,
        name: &str,
        channels: usize,
        is_there: bool,
        usual: f32,
    ) -> Result<Vec<f32>, Trouble> {
        match is_there {
            true => self.take(name, &[channels]),
            false => Ok(vec![usual; channels]),
        }
    }
}

/// The numbers of a tensor with its axes in another order.
pub(super) fn turned(values: &[f32], dims: &[usize], order: &[usize]) -> Vec<f32> {
    let stride = |axis: usize| dims[axis + 1..].iter().product::<usize>();
    let axes: Vec<[usize; 2]> = order
        .iter()
        .map(|axis| [dims[*axis], stride(*axis)])
        .collect();
    let mut out = Vec::with_capacity(values.len());
    let Some(([size, step], outer)) = axes.split_last() else {
        return values.to_vec();
    };
    let rows: usize = outer.iter().map(|[size, _]| size).product();
    for row in 0..rows {
        let (mut rest, mut from) = (row, 0);
        for [size, step] in outer.iter().rev() {
            from += rest % size * step;
            rest /= size;
        }
        out.extend((0..*size).map(|i| values[from + i * step]));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_are_called_as_keras_calls_them() {
        for (class, name) in [
            ("Conv2D", "conv2d"),
            ("DepthwiseConv2D", "depthwise_conv2d"),
            ("Conv2DTranspose", "conv2d_transpose"),
            ("BatchNormalization", "batch_normalization"),
            ("PReLU", "p_re_lu"),
            ("Dense", "dense"),
            ("Functional", "functional"),
        ] {
            assert_eq!(snake(class), name);
        }
    }

    #[test]
    fn axes_are_turned() {
        let values: Vec<f32> = (0..6_u8).map(f32::from).collect();
        assert_eq!(turned(&values, &[2, 3], &[1, 0]), [0., 3., 1., 4., 2., 5.]);
        let back = turned(&values, &[1, 3, 2], &[2, 0, 1]);
        assert_eq!(back, [0., 2., 4., 1., 3., 5.]);
    }
}

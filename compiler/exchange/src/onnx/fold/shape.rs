//! Constants in other shapes and orders.

use super::{bounded, picked};
use crate::onnx::shapes;
use crate::onnx::step::{Done, Step, Trouble, counted};
use crate::onnx::tensor::{Data, FILLED, Tensor};

fn seen(tensor: &Tensor, dims: Vec<usize>) -> Tensor {
    Tensor {
        dims,
        data: tensor.data.clone(),
    }
}

pub(super) fn reshape(step: &Step<'_>) -> Done<Tensor> {
    let tensor = step.constant(0)?;
    let asked = step.numbers("shape", 1)?.ok_or("its shape is missing")?;
    let dims = shapes::reshaped(&tensor.dims, &asked, step.flag("allowzero"))?;
    Ok(seen(tensor, dims))
}

pub(super) fn flatten(step: &Step<'_>) -> Done<Tensor> {
    let tensor = step.constant(0)?;
    let dims = shapes::flattened(&tensor.dims, step.int("axis").unwrap_or(1))?;
    Ok(seen(tensor, dims))
}

pub(super) fn squeeze(step: &Step<'_>) -> Done<Tensor> {
    let tensor = step.constant(0)?;
    let axes = step.numbers("axes", 1)?;
    let gone = shapes::squeezed(&tensor.dims, axes.as_deref())?;
    let kept = tensor
        .dims
        .iter()
        .enumerate()
        .filter(|(at, _)| !gone.contains(at));
    Ok(seen(tensor, kept.map(|(_, n)| *n).collect()))
}

pub(super) fn unsqueeze(step: &Step<'_>) -> Done<Tensor> {
    let tensor = step.constant(0)?;
    let axes = step.numbers("axes", 1)?.ok_or("its axes are missing")?;
    let mut dims = tensor.dims.clone();
    for at in shapes::unsqueezed(dims.len(), &axes)? {
        dims.insert(at, 1);
    }
    Ok(seen(tensor, dims))
}

pub(super) fn transpose(step: &Step<'_>) -> Done<Tensor> {
    let tensor = step.constant(0)?;
    let order = shapes::order(tensor.dims.len(), step.ints("perm"))?;
    Ok(transposed(tensor, &order))
}

/// The tensor with its axes in another order.
pub(crate) fn transposed(tensor: &Tensor, order: &[usize]) -> Tensor {
    let dims: Vec<usize> = order.iter().map(|axis| tensor.dims[*axis]).collect();
    let strides = strides(&tensor.dims);
    let mut places = vec![0];
    for axis in order {
        let (size, stride) = (tensor.dims[*axis], strides[*axis]);
        let deeper = |place: &usize| {
            let place = *place;
            (0..size).map(move |i| place + i * stride)
        };
        places = places.iter().flat_map(deeper).collect();
    }
    picked(tensor, &dims, &places)
}

/// How far apart neighbours along each axis lie.
pub(super) fn strides(dims: &[usize]) -> Vec<usize> {
    let mut strides = vec![1; dims.len()];
    for at in (1..dims.len()).rev() {
        strides[at - 1] = strides[at] * dims[at];
    }
    strides
}

pub(super) fn concat(step: &Step<'_>) -> Done<Tensor> {
    let parts: Vec<&Tensor> = (0..step.inputs.len())
        .map(|at| step.constant(at))
        .collect::<Done<_>>()?;
    let first = parts.first().ok_or("it joins nothing")?;
    let axis = step.axis(step.int("axis").unwrap_or(1), first.dims.len())?;
    let mut dims = first.dims.clone();
    let others = |dims: &[usize]| [&dims[..axis], &dims[axis + 1..]].concat();
    if parts
        .iter()
        .any(|p| p.dims.len() != dims.len() || others(&p.dims) != others(&dims))
    {
        return Err("its parts do not fit together".into());
    }
    dims[axis] = parts.iter().map(|part| part.dims[axis]).sum();
    bounded(&dims)?;
    let outer: usize = dims[..axis].iter().product();
    let all_ints = parts.iter().all(|part| matches!(part.data, Data::Ints(_)));
    let row = |part: &Tensor| part.len().checked_div(outer).unwrap_or(0);
    if all_ints {
        let parts: Vec<_> = parts
            .iter()
            .filter_map(|p| Some((p.to_ints()?, row(p))))
            .collect();
        return Ok(Tensor::ints(&dims, interleaved(&parts, outer)));
    }
    let parts: Vec<_> = parts
        .iter()
        .map(|part| (part.to_floats(), row(part)))
        .collect();
    Ok(Tensor::floats(&dims, interleaved(&parts, outer)))
}

/// A row of each, in turns.
fn interleaved<T: Copy>(parts: &[(Vec<T>, usize)], outer: usize) -> Vec<T> {
    let rows = (0..outer).flat_map(|at| {
        let row = move |(values, row): &(Vec<T>, usize)| values[at * row..(at + 1) * row].to_vec();
        parts.iter().flat_map(row)
    });
    rows.collect()
}

pub(super) fn gather(step: &Step<'_>) -> Done<Tensor> {
    let tensor = step.constant(0)?;
    let places = step.constant(1)?;
    let axis = step.axis(step.int("axis").unwrap_or(0), tensor.dims.len())?;
    let size = tensor.dims[axis];
    let index = |n: &i64| counted(*n, size).ok_or_else(|| format!("it has no place {n}"));
    let wanted = places.to_ints().ok_or("its places are no whole numbers")?;
    let wanted: Vec<usize> = wanted.iter().map(index).collect::<Result<_, _>>()?;
    let dims = [&tensor.dims[..axis], &places.dims, &tensor.dims[axis + 1..]].concat();
    bounded(&dims)?;
    let outer: usize = tensor.dims[..axis].iter().product();
    let inner: usize = tensor.dims[axis + 1..].iter().product();
    let row = |at: usize| wanted.iter().map(move |index| (at * size + index) * inner);
    let places = (0..outer)
        .flat_map(row)
        .flat_map(|start| start..start + inner);
    Ok(picked(tensor, &dims, &places.collect::<Vec<_>>()))
}

pub(super) fn slice(step: &Step<'_>) -> Done<Tensor> {
    let tensor = step.constant(0)?;
    let cuts = shapes::cuts(step, &tensor.dims)?;
    let strides = strides(&tensor.dims);
    let mut places = vec![0];
    let mut dims = Vec::new();
    for ((cut, stride), size) in cuts.iter().zip(strides).zip(&tensor.dims) {
        let indices = match cut {
            None => (0..*size).collect(),
            Some(cut) => cut.places(),
        };
        dims.push(indices.len());
        let deeper = |place: &usize| {
            let place = *place;
            indices.iter().map(move |i| place + i * stride)
        };
        places = places.iter().flat_map(deeper).collect();
    }
    Ok(picked(tensor, &dims, &places))
}

pub(super) fn expand(step: &Step<'_>) -> Done<Tensor> {
    let tensor = step.constant(0)?;
    let asked = step
        .constant(1)?
        .to_ints()
        .ok_or("its shape is no list of sizes")?;
    let size = |n: &i64| usize::try_from(*n).map_err(|_| format!("it asks for the size {n}"));
    let asked: Vec<usize> = asked.iter().map(size).collect::<Result<_, _>>()?;
    let dims = shapes::broadcast(&tensor.dims, &asked).ok_or("its shape does not fit")?;
    bounded(&dims)?;
    Ok(picked(tensor, &dims, &shapes::spread(&tensor.dims, &dims)))
}

pub(super) fn constant_of_shape(step: &Step<'_>) -> Done<Tensor> {
    let asked = step
        .constant(0)?
        .to_ints()
        .ok_or("its shape is no list of sizes")?;
    let size = |n: &i64| usize::try_from(*n).map_err(|_| format!("it asks for the size {n}"));
    let dims: Vec<usize> = asked.iter().map(size).collect::<Result<_, _>>()?;
    let count = super::counted(&dims, FILLED)?;
    let value = step.tensor("value").map(|tensor| {
        Tensor::read(tensor, &|_, _, _| {
            Err("its value stands in another file".to_owned())
        })
    });
    Ok(match value.transpose()?.map(|tensor| tensor.data) {
        Some(Data::Ints(values)) => {
            Tensor::ints(&dims, vec![values.first().copied().unwrap_or(0); count])
        }
        Some(Data::Floats(values)) => {
            Tensor::floats(&dims, vec![values.first().copied().unwrap_or(0.0); count])
        }
        None => Tensor::floats(&dims, vec![0.0; count]),
    })
}

pub(super) fn range(step: &Step<'_>) -> Done<Tensor> {
    let number = |at: usize| {
        let ints = step.constant(at)?.to_ints();
        let first = ints.and_then(|ints| ints.first().copied());
        first.ok_or_else(|| Trouble::new("its ends are no whole numbers"))
    };
    let (start, limit, delta) = (number(0)?, number(1)?, number(2)?);
    let span = limit
        .checked_sub(start)
        .ok_or("its ends are too far apart")?;
    // As many steps as there are whole ones, and one for what is left.
    let steps = match (delta, (span > 0) == (delta > 0)) {
        (0, _) => return Err("its steps are 0".into()),
        (_, true) => span.unsigned_abs().div_ceil(delta.unsigned_abs()),
        (_, false) => 0,
    };
    let count = bounded(&[usize::try_from(steps).unwrap_or(usize::MAX)])?;
    let values = (0..count as i64).map(|i| start + i * delta);
    Ok(Tensor::ints(&[count], values.collect()))
}

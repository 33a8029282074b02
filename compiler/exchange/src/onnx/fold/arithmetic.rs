//! Constants that are computed number by number.

use super::bounded;
use crate::onnx::shapes::{broadcast, spread};
use crate::onnx::step::{Done, Step, Trouble};
use crate::onnx::tensor::{Data, Tensor};

/// An operator on each number, or on two; `None` for one that is not folded.
pub(super) fn of(op: &str, step: &Step<'_>) -> Option<Done<Tensor>> {
    if let Some(f) = unary(op) {
        return Some(step.constant(0).map(|t| each(t, f)));
    }
    let (f, whole) = binary(op)?;
    Some(step.constant(0).and_then(|first| {
        let mut all = first.clone();
        for at in 1..step.inputs.len() {
            all = both(&all, step.constant(at)?, f, whole)?;
        }
        Ok(all)
    }))
}

fn unary(op: &str) -> Option<fn(f64) -> f64> {
    Some(match op {
        "Neg" => |x| -x,
        "Abs" => f64::abs,
        "Sqrt" => f64::sqrt,
        "Exp" => f64::exp,
        "Log" => f64::ln,
        "Reciprocal" => |x| 1.0 / x,
        "Floor" => f64::floor,
        "Ceil" => f64::ceil,
        "Round" => f64::round_ties_even,
        "Not" => |x| f64::from(x == 0.0),
        _ => return None,
    })
}

/// A function of two numbers.
type Binary = fn(f64, f64) -> f64;

/// The function, and whether it makes whole numbers of any.
fn binary(op: &str) -> Option<(Binary, bool)> {
    let truth = |f: Binary| Some((f, true));
    let number = |f: Binary| Some((f, false));
    match op {
        "Add" | "Sum" => number(|a, b| a + b),
        "Sub" => number(|a, b| a - b),
        "Mul" => number(|a, b| a * b),
        "Div" => number(|a, b| a / b),
        "Pow" => number(f64::powf),
        "Min" => number(f64::min),
        "Max" => number(f64::max),
        "Mod" => number(f64::rem_euclid),
        "Equal" => truth(|a, b| f64::from(a == b)),
        "Greater" => truth(|a, b| f64::from(a > b)),
        "Less" => truth(|a, b| f64::from(a < b)),
        "GreaterOrEqual" => truth(|a, b| f64::from(a >= b)),
        "LessOrEqual" => truth(|a, b| f64::from(a <= b)),
        "And" => truth(|a, b| f64::from(a != 0.0 && b != 0.0)),
        "Or" => truth(|a, b| f64::from(a != 0.0 || b != 0.0)),
        _ => None,
    }
}

fn numbers(tensor: &Tensor) -> Vec<f64> {
    match &tensor.data {
        Data::Floats(values) => values.iter().map(|x| f64::from(*x)).collect(),
        Data::Ints(values) => values.iter().map(|n| *n as f64).collect(),
    }
}

/// Numbers as a tensor, whole ones towards 0.
fn tensor(dims: &[usize], values: Vec<f64>, whole: bool) -> Tensor {
    match whole {
        true => Tensor::ints(dims, values.iter().map(|x| *x as i64).collect()),
        false => Tensor::floats(dims, values.iter().map(|x| *x as f32).collect()),
    }
}

fn is_whole(tensor: &Tensor) -> bool {
    matches!(tensor.data, Data::Ints(_))
}

fn each(t: &Tensor, f: fn(f64) -> f64) -> Tensor {
    tensor(
        &t.dims,
        numbers(t).into_iter().map(f).collect(),
        is_whole(t),
    )
}

fn both(a: &Tensor, b: &Tensor, f: Binary, whole: bool) -> Done<Tensor> {
    let dims = broadcast(&a.dims, &b.dims)
        .ok_or_else(|| Trouble::new("its constants do not fit together"))?;
    bounded(&dims)?;
    let (left, right) = (numbers(a), numbers(b));
    let pairs = spread(&a.dims, &dims)
        .into_iter()
        .zip(spread(&b.dims, &dims));
    let values = pairs.map(|(i, j)| f(left[i], right[j])).collect();
    Ok(tensor(&dims, values, whole || (is_whole(a) && is_whole(b))))
}

pub(super) fn choose(step: &Step<'_>) -> Done<Tensor> {
    let [which, a, b] = [step.constant(0)?, step.constant(1)?, step.constant(2)?];
    let dims = broadcast(&which.dims, &a.dims)
        .and_then(|dims| broadcast(&dims, &b.dims))
        .ok_or_else(|| Trouble::new("its constants do not fit together"))?;
    bounded(&dims)?;
    let at = |t: &Tensor| spread(&t.dims, &dims);
    let [w, x, y] = [which, a, b].map(numbers);
    let places = at(which).into_iter().zip(at(a)).zip(at(b));
    let values = places.map(|((i, j), k)| if w[i] != 0.0 { x[j] } else { y[k] });
    Ok(tensor(&dims, values.collect(), is_whole(a) && is_whole(b)))
}

/// Over all axes, which is what shapes need.
pub(super) fn reduce_all(step: &Step<'_>) -> Done<Tensor> {
    let t = step.constant(0)?;
    if t.dims.len() > 1 {
        return Err("it reduces a constant of several axes".into());
    }
    let values = numbers(t).into_iter();
    let value = match step.op {
        "ReduceProd" => values.product(),
        "ReduceSum" => values.sum(),
        "ReduceMax" => values.fold(f64::NEG_INFINITY, f64::max),
        _ => values.fold(f64::INFINITY, f64::min),
    };
    let keep = step.int("keepdims").unwrap_or(1) != 0;
    let dims: &[usize] = if keep && !t.dims.is_empty() {
        &[1]
    } else {
        &[]
    };
    Ok(tensor(dims, vec![value], is_whole(t)))
}

/// `(x - zero point) * scale`, for all or along an axis.
pub(super) fn dequantize(step: &Step<'_>) -> Done<Tensor> {
    let x = step.constant(0)?;
    let scale = step.constant(1)?.to_floats();
    let zero = step.given(2)?.map(Tensor::to_floats);
    let (outer, inner) = if scale.len() == 1 {
        (1, x.len())
    } else {
        let axis = step.axis(step.int("axis").unwrap_or(1), x.dims.len())?;
        (x.dims[axis], x.dims[axis + 1..].iter().product())
    };
    if scale.len() != outer || zero.as_ref().is_some_and(|zero| zero.len() != outer) || inner == 0 {
        return Err("its scales do not fit".into());
    }
    let value = |(at, q): (usize, f32)| {
        let channel = (at / inner) % outer;
        (q - zero.as_ref().map_or(0.0, |zero| zero[channel])) * scale[channel]
    };
    let values = x.to_floats().into_iter().enumerate().map(value);
    Ok(Tensor::floats(&x.dims, values.collect()))
}

//! What a layer's configuration says.

use crate::trouble::Trouble;
use serde_json::Value;

/// The configuration of a layer.
#[derive(Clone, Copy, Debug)]
pub(super) struct Options<'j>(pub(super) &'j Value);

/// A number, also one that NumPy has wrapped.
fn number(value: &Value) -> Option<f64> {
    value.as_f64().or_else(|| value.get("value")?.as_f64())
}

impl<'j> Options<'j> {
    /// What is there and not null.
    pub(super) fn get(&self, name: &str) -> Option<&'j Value> {
        self.0.get(name).filter(|value| !value.is_null())
    }

    pub(super) fn text(&self, name: &str) -> Option<&'j str> {
        self.get(name)?.as_str()
    }

    pub(super) fn flag(&self, name: &str, usual: bool) -> bool {
        self.get(name).and_then(Value::as_bool).unwrap_or(usual)
    }

    fn wrong(name: &str, value: &Value) -> Trouble {
        let shown: String = value.to_string().chars().take(60).collect();
        Trouble::new(format!("its {name} is {shown}"))
    }

    pub(super) fn number(&self, name: &str) -> Result<Option<f32>, Trouble> {
        let Some(value) = self.get(name) else {
            return Ok(None);
        };
        let finite = number(value).map(|x| x as f32).filter(|x| x.is_finite());
        finite.map(Some).ok_or_else(|| Self::wrong(name, value))
    }

    /// A constant that has to be above 0.
    pub(super) fn positive(&self, name: &str, usual: f32) -> Result<f32, Trouble> {
        let x = self.number(name)?.unwrap_or(usual);
        match x > 0.0 {
            true => Ok(x),
            false => Err(format!("its {name} is {x}, and netc needs one above 0").into()),
        }
    }

    /// Numbers, or one for all.
    pub(super) fn numbers(&self, name: &str) -> Result<Option<Vec<f64>>, Trouble> {
        let Some(value) = self.get(name) else {
            return Ok(None);
        };
        let mut all = Vec::new();
        let mut open = vec![value];
        while let Some(value) = open.pop() {
            match value {
                Value::Array(items) => open.extend(items.iter().rev()),
                value => {
                    let finite = number(value).filter(|x| x.is_finite());
                    all.push(finite.ok_or_else(|| Self::wrong(name, value))?);
                }
            }
        }
        Ok(Some(all))
    }

    /// A size of at least 1.
    pub(super) fn size(&self, name: &str) -> Result<usize, Trouble> {
        match self.get(name) {
            Some(value) => size(value).ok_or_else(|| Self::wrong(name, value)),
            None => Err(format!("its {name} is missing").into()),
        }
    }

    /// Sizes of rows and columns, or one for both.
    pub(super) fn pair(&self, name: &str) -> Result<Option<[usize; 2]>, Trouble> {
        let Some(value) = self.get(name) else {
            return Ok(None);
        };
        let pair = match value.as_array().map(Vec::as_slice) {
            None => size(value).map(|n| [n, n]),
            Some([h, w]) => size(h).zip(size(w)).map(|(h, w)| [h, w]),
            Some(_) => None,
        };
        pair.map(Some).ok_or_else(|| Self::wrong(name, value))
    }

    /// Whole numbers, or one.
    pub(super) fn ints(&self, name: &str) -> Result<Option<Vec<i64>>, Trouble> {
        let Some(value) = self.get(name) else {
            return Ok(None);
        };
        let ints: Option<Vec<i64>> = match value.as_array() {
            None => value.as_i64().map(|n| vec![n]),
            Some(items) => items.iter().map(Value::as_i64).collect(),
        };
        ints.map(Some).ok_or_else(|| Self::wrong(name, value))
    }

    /// Cells at the top, bottom, left and right: a number, two, or two pairs.
    pub(super) fn sides(&self, name: &str) -> Result<[usize; 4], Trouble> {
        let Some(value) = self.get(name) else {
            return Ok([1; 4]);
        };
        let cells = |value: &Value| {
            let cells = value.as_u64().filter(|n| *n <= 1 << 30);
            cells.map(|n| n as usize)
        };
        let both = |value: &Value| match value.as_array().map(Vec::as_slice) {
            None => cells(value).map(|n| [n, n]),
            Some([a, b]) => cells(a).zip(cells(b)).map(|(a, b)| [a, b]),
            Some(_) => None,
        };
        let sides = match value.as_array().map(Vec::as_slice) {
            None => cells(value).map(|n| [n; 4]),
            Some([rows, columns]) => both(rows)
                .zip(both(columns))
                .map(|([top, bottom], [left, right])| [top, bottom, left, right]),
            Some(_) => None,
        };
        sides.ok_or_else(|| Self::wrong(name, value))
    }
}

fn size(value: &Value) -> Option<usize> {
    let size = value.as_u64().filter(|n| (1..=1 << 30).contains(n));
    size.map(|n| n as usize)
}

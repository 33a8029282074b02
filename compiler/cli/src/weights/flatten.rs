//! The order in which a picture becomes a vector: PyTorch's networks flatten channels first, Keras' and netc's last.

use super::assign::{Assignment, Reason};
use super::file::shape;
use super::modules::AxisOrder;
use crate::cli::Flatten;
use netc_compiler::graph::{Graph, Layer, NodeId, Order, Shape};
use netc_plan::Operation;

/// The picture that the layer of this name reads as a vector, and the order of the vector: that of an FC, or of a
/// normalisation of the vector.
fn read_by(graph: &Graph, layer: &str) -> Option<([usize; 3], Flatten)> {
    let node = graph.nodes.iter().find(|node| node.name == layer)?;
    let vector = match node.layer {
        Layer::Fc { .. } => true,
        Layer::BatchNorm { .. } => matches!(node.shape, Shape::Vector(_)),
        Layer::Op(op) if op.has_params() => matches!(node.shape, Shape::Vector(_)),
        _ => false,
    };
    let mut id = *node.inputs.first().filter(|_| vector)?;
    loop {
        let node = graph.node(id);
        if let Shape::Picture(picture) = node.shape {
            return Some((picture, Flatten::Hwc));
        }
        let before: NodeId = *node.inputs.first()?;
        match node.layer {
            Layer::Flatten(order) => {
                let Shape::Picture(picture) = graph.node(before).shape else {
                    id = before;
                    continue;
                };
                let order = match order {
                    Order::Chw => Flatten::Chw,
                    Order::Hwc => Flatten::Hwc,
                };
                return Some((picture, order));
            }
            Layer::Dropout { .. } | Layer::Activation(_) | Layer::BatchNorm { .. } => id = before,
            Layer::Op(op) if op.in_place(0) && op.arity() == 1 => id = before,
            _ => return None,
        }
    }
}

/// Puts what belongs to the elements of a flattened picture into the order in which the network flattens. Says what it did.
pub(crate) fn reorder(
    graph: &Graph,
    rows: &[Assignment],
    mut values: Vec<Vec<f32>>,
    flatten: Option<Flatten>,
) -> (Vec<Vec<f32>>, Vec<String>) {
    let mut notes = Vec::new();
    // Only Keras has kernels of another layout.
    let turned = |row: &Assignment| {
        row.theirs
            .parts
            .values()
            .any(|p| p.layout != AxisOrder::Same)
    };
    let keras = rows.iter().any(turned);
    for row in rows
        .iter()
        .filter(|row| flatten.is_some() || row.reason != Reason::Name)
    {
        let Some((picture, order)) = read_by(graph, &row.ours.name) else {
            continue;
        };
        let theirs = match flatten {
            Some(order) => order,
            None if keras => Flatten::Hwc,
            None => Flatten::Chw,
        };
        if theirs == order || picture[0] * picture[1] == 1 || picture[2] == 1 {
            continue;
        }
        // An FC's bias belongs to its outputs; all of a normalisation belongs to the vector itself, and is vectors.
        let of_elements = row.ours.parts.values().all(|part| part.shape.len() == 1);
        for (role, part) in &row.ours.parts {
            if role == "weight" || of_elements {
                permute(&mut values[part.tensor], picture, theirs);
            }
        }
        let name = |order| match order {
            Flatten::Chw => "CHW",
            Flatten::Hwc => "HWC",
        };
        notes.push(format!(
            "{}: a picture of {} was flattened in {} order there, and is in {} order here: its columns were put in place (--flatten {} leaves them)",
            row.ours.name,
            shape(&picture),
            name(theirs),
            name(order),
            name(order).to_lowercase(),
        ));
    }
    (values, notes)
}

/// Moves each vector of `h * w * c` elements from this order to the other one.
fn permute(values: &mut [f32], [h, w, c]: [usize; 3], from: Flatten) {
    let area = h * w;
    let mut old = Vec::with_capacity(area * c);
    for vector in values.chunks_exact_mut(area * c) {
        old.clear();
        old.extend_from_slice(vector);
        for cell in 0..area {
            for channel in 0..c {
                let (chw, hwc) = (channel * area + cell, cell * c + channel);
                match from {
                    Flatten::Chw => vector[hwc] = old[chw],
                    Flatten::Hwc => vector[chw] = old[hwc],
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_and_back() {
        // Two rows of 1x2x3, channels first.
        let chw = [0.0, 3.0, 1.0, 4.0, 2.0, 5.0, 6.0, 9.0, 7.0, 10.0, 8.0, 11.0];
        let mut values = chw;
        permute(&mut values, [1, 2, 3], Flatten::Chw);
        assert_eq!(
            values,
            [0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0, 10.0, 11.0]
        );
        permute(&mut values, [1, 2, 3], Flatten::Hwc);
        assert_eq!(values, chw);
    }
}

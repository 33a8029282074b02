//! The order in which a picture becomes a vector: PyTorch's networks flatten channels first, Keras' and netc's last.

use crate::cli::Flatten;
use netc_compiler::graph::{Graph, Layer, NodeId, Order, Shape};

/// The picture that the layer of this name reads as a vector, and the order of the vector: that of an FC, or of a
/// normalisation of the vector.
pub(crate) fn read_by(graph: &Graph, layer: &str) -> Option<([usize; 3], Flatten)> {
    let node = graph.nodes.iter().find(|node| node.name == layer)?;
    let vector = match node.op {
        Layer::Fc { .. } => true,
        Layer::BatchNorm { .. } => matches!(node.shape, Shape::Vector(_)),
        _ => false,
    };
    let mut id = *node.inputs.first().filter(|_| vector)?;
    loop {
        let node = graph.node(id);
        if let Shape::Picture(picture) = node.shape {
            return Some((picture, Flatten::Hwc));
        }
        let before: NodeId = *node.inputs.first()?;
        match node.op {
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
            _ => return None,
        }
    }
}

/// Moves each vector of `h * w * c` elements from this order to the other one.
pub(crate) fn reorder(values: &mut [f32], [h, w, c]: [usize; 3], from: Flatten) {
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
        reorder(&mut values, [1, 2, 3], Flatten::Chw);
        assert_eq!(
            values,
            [0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0, 10.0, 11.0]
        );
        reorder(&mut values, [1, 2, 3], Flatten::Hwc);
        assert_eq!(values, chw);
    }
}

//! Pools.

use super::{Is, Writer};
use crate::refusal::Refusal;
use netc_compiler::graph::{NodeId, Pool, PoolKind};

/// Height and width as an attribute.
pub(super) fn pair([h, w]: [usize; 2]) -> Is<'static> {
    Is::Ints(vec![h as i64, w as i64])
}

/// Top, bottom, left, right as an attribute: beginnings, then ends.
pub(super) fn pads([top, bottom, left, right]: [usize; 4]) -> Is<'static> {
    Is::Ints([top, left, bottom, right].map(|n| n as i64).to_vec())
}

impl Writer<'_> {
    pub(super) fn pool(&mut self, id: NodeId, pool: &Pool) {
        let output = self.value(id);
        let mut input = self.value(self.source(id));
        let mut cells = pool.cells();
        if pool.count_pad && pool.pad.cells != [0; 4] {
            // Zeros that count in the mean; the overhang does not.
            input = self.padded(&input, pool.pad.cells, &output);
            let [below, beside] = pool.overhang;
            cells = [0, below, 0, beside];
        }
        let fits = cells
            .iter()
            .zip([0, 0, 1, 1])
            .all(|(n, axis)| *n < pool.window[axis]);
        if pool.kind == PoolKind::Max && !fits {
            // Tools want padding below the window's size. Nothing is smaller than the lowest number.
            input = self.padded_by(&input, cells, Some(f32::MIN), &output);
            cells = [0; 4];
        }
        let op = match pool.kind {
            PoolKind::Max => "MaxPool",
            PoolKind::Avg => "AveragePool",
        };
        let attributes = [
            ("kernel_shape", pair(pool.window)),
            ("strides", pair(pool.stride)),
            ("pads", pads(cells)),
        ];
        self.node(op, &[&input], &output, &attributes);
    }

    /// Zeros around a picture.
    pub(super) fn padded(&mut self, input: &str, cells: [usize; 4], layer: &str) -> String {
        self.padded_by(input, cells, None, layer)
    }

    fn padded_by(
        &mut self,
        input: &str,
        cells: [usize; 4],
        value: Option<f32>,
        layer: &str,
    ) -> String {
        let pads = self.pads_tensor(cells, layer);
        let value = value.map(|x| self.floats(&format!("{layer}/value"), &[], &[x]));
        let mut inputs = vec![input, pads.as_str()];
        inputs.extend(value.as_deref());
        self.inner("Pad", &inputs, layer, &[])
    }

    pub(super) fn pads_tensor(
        &mut self,
        [top, bottom, left, right]: [usize; 4],
        layer: &str,
    ) -> String {
        let pads = [0, 0, top, left, 0, 0, bottom, right].map(|n| n as i64);
        self.ints(&format!("{layer}/pads"), &pads)
    }

    /// LeNet-5's subsampling is a depthwise convolution whose kernels are one number each.
    pub(super) fn subsample(
        &mut self,
        id: NodeId,
        window: [usize; 2],
        stride: [usize; 2],
    ) -> Result<(), Refusal> {
        let output = self.value(id);
        let input = self.value(self.source(id));
        let [.., c] = self.hwc(id);
        let area = window[0] * window[1];
        let coefficients = self.weights(id, "coefficient")?;
        let kernels: Vec<f32> = coefficients
            .iter()
            .flat_map(|x| std::iter::repeat_n(*x, area))
            .collect();
        let name = format!("{}.coefficient", self.graph.node(id).name);
        let weight = self.floats(&name, &[c, 1, window[0], window[1]], &kernels);
        let bias = self.parameter(id, "bias", &[c])?;
        let attributes = [
            ("kernel_shape", pair(window)),
            ("strides", pair(stride)),
            ("group", Is::Int(c as i64)),
        ];
        self.node("Conv", &[&input, &weight, &bias], &output, &attributes);
        Ok(())
    }
}

//! Layers with matrices and kernels, and batch normalisation.

use super::window::{pads, pair};
use super::{Is, Writer};
use crate::layout::{Layout, places};
use crate::refusal::Refusal;
use netc_compiler::graph::{Conv, Deconv, NodeId};

impl Writer<'_> {
    pub(super) fn conv(&mut self, id: NodeId, conv: &Conv) -> Result<(), Refusal> {
        let [.., c] = self.hwc(self.source(id));
        let depth = c / conv.groups.max(1);
        let [kh, kw] = conv.kernel;
        let mut values = self.weights(id, "weight")?.to_vec();
        if let Some(table) = &conv.connect {
            let maps = values.chunks_exact_mut((depth * kh * kw).max(1)).zip(table);
            for (filter, seen) in maps {
                for (map, kernel) in filter.chunks_exact_mut((kh * kw).max(1)).enumerate() {
                    if !seen.contains(&map) {
                        kernel.fill(0.0);
                    }
                }
            }
        }
        let name = format!("{}.weight", self.graph.node(id).name);
        let weight = self.floats(&name, &[conv.filters, depth, kh, kw], &values);
        let attributes = [
            ("kernel_shape", pair(conv.kernel)),
            ("strides", pair(conv.stride)),
            ("pads", pads(conv.pad.cells)),
            ("dilations", pair(conv.dilation)),
            ("group", Is::Int(conv.groups as i64)),
        ];
        self.biased(
            id,
            "Conv",
            weight,
            conv.bias.then_some(conv.filters),
            &attributes,
        )
    }

    pub(super) fn deconv(&mut self, id: NodeId, deconv: &Deconv) -> Result<(), Refusal> {
        let [.., c] = self.hwc(self.source(id));
        let [kh, kw] = deconv.kernel;
        let dims = [c, deconv.filters / deconv.groups.max(1), kh, kw];
        let weight = self.parameter(id, "weight", &dims)?;
        let attributes = [
            ("kernel_shape", pair(deconv.kernel)),
            ("strides", pair(deconv.stride)),
            ("pads", pads(deconv.pad.cells)),
            ("output_padding", pair(deconv.output_pad)),
            ("dilations", pair(deconv.dilation)),
            ("group", Is::Int(deconv.groups as i64)),
        ];
        self.biased(
            id,
            "ConvTranspose",
            weight,
            deconv.bias.then_some(deconv.filters),
            &attributes,
        )
    }

    /// A node with weights and, perhaps, a bias of so many numbers.
    fn biased(
        &mut self,
        id: NodeId,
        op: &str,
        weight: String,
        bias: Option<usize>,
        attributes: &[(&str, Is<'_>)],
    ) -> Result<(), Refusal> {
        let input = self.value(self.source(id));
        let output = self.value(id);
        let mut inputs = vec![input, weight];
        if let Some(size) = bias {
            inputs.push(self.parameter(id, "bias", &[size])?);
        }
        let inputs: Vec<&str> = inputs.iter().map(String::as_str).collect();
        self.node(op, &inputs, &output, attributes);
        Ok(())
    }

    /// What a layer reads as a vector, and rows of weights in the order of that vector: channels first.
    fn rows(&mut self, id: NodeId, leaf: &str) -> Result<(String, usize, Vec<f32>), Refusal> {
        let source = self.source(id);
        let hwc = self.hwc(source);
        let inputs: usize = hwc.iter().product();
        let ours = self.weights(id, leaf)?;
        let mut input = self.value(source);
        if self.is_vector(source) {
            return Ok((input, inputs, ours.to_vec()));
        }
        let order = places(&Layout::nchw(1, hwc).run(), hwc);
        let rows = ours.chunks_exact(inputs.max(1));
        let theirs = rows
            .flat_map(|row| order.iter().map(|at| row[*at]))
            .collect();
        let output = self.value(id);
        input = self.inner("Flatten", &[&input], &output, &[("axis", Is::Int(1))]);
        Ok((input, inputs, theirs))
    }

    pub(super) fn fc(&mut self, id: NodeId, bias: bool) -> Result<(), Refusal> {
        let (input, inputs, values) = self.rows(id, "weight")?;
        let [.., units] = self.hwc(id);
        let name = format!("{}.weight", self.graph.node(id).name);
        let weight = self.floats(&name, &[units, inputs], &values);
        let mut all = vec![input, weight];
        if bias {
            all.push(self.parameter(id, "bias", &[units])?);
        }
        let all: Vec<&str> = all.iter().map(String::as_str).collect();
        let output = self.value(id);
        self.node("Gemm", &all, &output, &[("transB", Is::Int(1))]);
        Ok(())
    }

    /// Squared distances: `sum of (x - p)^2`.
    pub(super) fn rbf(&mut self, id: NodeId) -> Result<(), Refusal> {
        let (input, inputs, values) = self.rows(id, "prototypes")?;
        let [.., classes] = self.hwc(id);
        let output = self.value(id);
        let name = format!("{}.prototypes", self.graph.node(id).name);
        let prototypes = self.floats(&name, &[classes, inputs], &values);
        let one = self.ints(&format!("{output}/axis"), &[1]);
        let last = self.ints(&format!("{output}/axis"), &[2]);
        let rows = self.inner("Unsqueeze", &[&input, &one], &output, &[]);
        let away = self.inner("Sub", &[&rows, &prototypes], &output, &[]);
        let squares = self.inner("Mul", &[&away, &away], &output, &[]);
        self.node(
            "ReduceSum",
            &[&squares, &last],
            &output,
            &[("keepdims", Is::Int(0))],
        );
        Ok(())
    }

    pub(super) fn batch_norm(&mut self, id: NodeId, eps: f32) -> Result<(), Refusal> {
        let [.., c] = self.hwc(id);
        let mut inputs = vec![self.value(self.source(id))];
        for leaf in ["weight", "bias", "running_mean", "running_var"] {
            inputs.push(self.parameter(id, leaf, &[c])?);
        }
        let inputs: Vec<&str> = inputs.iter().map(String::as_str).collect();
        let output = self.value(id);
        self.node(
            "BatchNormalization",
            &inputs,
            &output,
            &[("epsilon", Is::Float(eps))],
        );
        Ok(())
    }
}

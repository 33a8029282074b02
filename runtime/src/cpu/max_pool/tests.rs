//! Windows of few channels, at every level of this machine: side by side they give what each gives alone.

use super::*;
use crate::cpu::simd::Level;
use crate::plan::Act;
use crate::plan::random::SplitMix64 as Rng;
use alloc::vec;

/// A row of windows in a picture that ends where the last of them does.
struct Row {
    d: plan::MaxPool,
    count: usize,
    x: Vec<f32>,
}

impl Row {
    fn draw(rng: &mut Rng) -> Self {
        let mut size = |most: usize| rng.size(1, most);
        let (channels, window, stride) = (size(9), [size(3), size(4)], size(3));
        let count = size(20);
        let width = (count - 1) * stride + window[1];
        let d = plan::MaxPool {
            input: [window[0], width, channels],
            window,
            stride: [1, stride],
            pad: [0; 4],
            act: Act::None,
        };
        let number = |_| match size(40) {
            1 => f32::NAN,
            2 => f32::NEG_INFINITY,
            n => n as f32 - 20.0,
        };
        let x = (0..window[0] * width * channels).map(number).collect();
        Self { d, count, x }
    }

    fn by(&self, level: Level, several: &Several) -> Vec<u32> {
        let [_, w, channels] = self.d.input;
        // One more, which must stay as it is.
        let mut y = vec![7.0; self.count * channels + 1];
        let window = MaxWindow {
            first: self.x.as_ptr(),
            size: self.d.window,
            steps: [w * channels, channels],
            channels,
            out: y.as_mut_ptr(),
            count: self.count,
            apart: self.d.stride[1] * channels,
            out_step: channels,
            together: several.together([channels; 2], channels),
        };
        // SAFETY: the machine has the level; the windows lie in `x`, which ends with the last; `y` holds their outputs.
        unsafe { (kernels(level).max_window)(&window) }
        assert_eq!(y.pop(), Some(7.0), "{:?}", self.d);
        y.into_iter().map(f32::to_bits).collect()
    }
}

#[test]
fn several_windows_at_once_are_each_alone() {
    let mut rng = Rng(11);
    for level in simd::levels() {
        let lanes = kernels(level).lanes;
        let mut together = 0;
        for _ in 0..2000 {
            let row = Row::draw(&mut rng);
            let [several, none] = [lanes, 1].map(|lanes| Several::of(&row.d, lanes));
            together += usize::from(several.windows > 1);
            assert_eq!(
                row.by(level, &several),
                row.by(level, &none),
                "{:?}, {level:?}",
                row.d
            );
        }
        assert!(together > 100, "{level:?}: {together} of 2000");
    }
}

//! Forward passes over `ndarray` views.

#![cfg(feature = "ndarray")]
#![allow(
    clippy::unwrap_used,
    reason = "helpers of tests, which panic as tests do"
)]

mod common;

use common::{Rng, plan, step};
use ndarray::{Array4, ShapeBuilder};
use netc_runtime::plan::{self, View};
use netc_runtime::{Executor, ForwardView, Model, Weights};

#[test]
fn views_of_any_layout() {
    let input = [3, 4, 2];
    let pool = plan::GlobalPool {
        input,
        ..plan::GlobalPool::DEFAULT
    };
    let result = View::arena(0, [1, 1, 2]);
    let plan = plan(
        &input,
        vec![step("pool1", pool, &[View::input(input)], result)],
        vec![],
        result,
    );
    let model = Executor::new(&plan, &Weights::from_tensors([], &[]).unwrap()).unwrap();
    let mut workspace = model.workspace(5);
    let images = Array4::from_shape_vec((5, 3, 4, 2), Rng(1).numbers(120)).unwrap();
    let expected = images.mean_axis(ndarray::Axis(1)).unwrap();
    let expected = expected.mean_axis(ndarray::Axis(1)).unwrap();
    let close = |a: &ndarray::ArrayView2<'_, f32>| {
        assert!((a - &expected).iter().all(|d| d.abs() < 1e-6));
    };
    close(&model.forward_view(&mut workspace, images.view()).unwrap());
    let mut other = Array4::zeros((5, 3, 4, 2).f());
    other.assign(&images);
    close(&model.forward_view(&mut workspace, other.view()).unwrap());

    let wrong = images.view().into_shape_with_order((5, 4, 3, 2)).unwrap();
    let error = model.forward_view(&mut workspace, wrong).unwrap_err();
    assert_eq!(
        error.to_string(),
        "images of [4, 3, 2], the network takes [3, 4, 2]"
    );
    let none = images.slice(ndarray::s![..0, .., .., ..]);
    assert!(model.forward_view(&mut workspace, none).is_err());
}

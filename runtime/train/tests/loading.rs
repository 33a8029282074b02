//! Batches and views.

#![allow(clippy::unwrap_used, reason = "a test may fail by it")]

mod common;

use common::{mnist, recipe};
use netc_plan::{Augment, Pixels, Recipe};
use netc_train::augment::{Pipeline, Scratch, View};
use netc_train::data::load;
use netc_train::loader::{Batch, Loader, Order};
use std::sync::Arc;

fn collect(mut loader: Loader) -> Vec<Batch> {
    let mut batches = Vec::new();
    while let Some(batch) = loader.next_batch().unwrap() {
        batches.push(Batch {
            images: batch.images.clone(),
            labels: batch.labels.clone(),
            indices: batch.indices.clone(),
        });
        loader.recycle(batch);
    }
    batches
}

#[test]
fn epochs_differ_and_threads_do_not_matter() {
    let folder = tempfile::tempdir().unwrap();
    mnist(folder.path(), 50, 10);
    let recipe = Recipe {
        augment: vec![
            Augment::Rotate(20.0),
            Augment::Zoom(0.1),
            Augment::Lighting(0.1),
        ],
        ..recipe()
    };
    let data = load(&recipe, folder.path(), &[6, 6, 1]).unwrap();
    let pipeline = Arc::new(Pipeline::new(&recipe, &data, &[6, 6, 1], &Pixels::default()).unwrap());
    let order = |epoch, batch| Order::Training {
        seed: 1,
        shuffle: true,
        epoch,
        batch,
        end: 3,
    };
    let batches = |order, threads| collect(Loader::new(&pipeline, &data.train, 16, order, threads));
    let one = batches(order(0, 0), 1);
    assert_eq!(one.len(), 3 * 4);
    assert_eq!(one[3].labels.len(), 2);
    assert!(one == batches(order(0, 0), 7));
    assert!(one[6..] == batches(order(1, 2), 2));
    let epoch = |e: usize| {
        one[4 * e..4 * e + 4]
            .iter()
            .flat_map(|b| b.indices.clone())
            .collect::<Vec<_>>()
    };
    assert_ne!(epoch(0), epoch(1));
    let mut all = epoch(2);
    all.sort_unstable();
    assert!(all.into_iter().eq(0..50));
    // The same picture, varied anew.
    let of = |e: usize| {
        let at = epoch(e).iter().position(|i| *i == 0).unwrap();
        one[4 * e + at / 16].images[at % 16 * 36..][..36].to_vec()
    };
    assert_ne!(of(0), of(1));
}

#[test]
fn ten_crops_are_corners_middle_and_mirrors() {
    let folder = tempfile::tempdir().unwrap();
    mnist(folder.path(), 20, 3);
    let recipe = Recipe {
        augment: vec![
            Augment::Crop {
                height: None,
                width: None,
            },
            Augment::TenCrop(None),
        ],
        ..recipe()
    };
    let data = load(&recipe, folder.path(), &[4, 4, 1]).unwrap();
    let pipeline = Arc::new(Pipeline::new(&recipe, &data, &[4, 4, 1], &Pixels::default()).unwrap());
    assert!(pipeline.ten_crop());
    let batches = collect(Loader::new(
        &pipeline,
        &data.test,
        7,
        Order::Evaluation { ten_crop: true },
        2,
    ));
    let all: Vec<f32> = batches.iter().flat_map(|b| b.images.clone()).collect();
    let views: Vec<&[f32]> = all.chunks_exact(16).collect();
    assert_eq!(views.len(), 30);
    let mut picture = Vec::new();
    data.test.picture(1, &mut picture).unwrap();
    let cut = |top: usize, left: usize| -> Vec<f32> {
        (0..16)
            .map(|i| picture[(top + i / 4) * 6 + left + i % 4])
            .collect()
    };
    for (view, (top, left)) in [(0, 0), (0, 2), (2, 0), (2, 2), (1, 1)]
        .into_iter()
        .enumerate()
    {
        assert_eq!(views[10 + view], cut(top, left));
        let mirrored: Vec<f32> = (0..16)
            .map(|i| cut(top, left)[i / 4 * 4 + 3 - i % 4])
            .collect();
        assert_eq!(views[15 + view], mirrored);
    }
    let mut middle = vec![0.0; 16];
    pipeline
        .input(
            &data.test,
            1,
            View::Plain,
            &mut Scratch::default(),
            &mut middle,
        )
        .unwrap();
    assert_eq!(middle, cut(1, 1));
}

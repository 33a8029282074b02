//! A network compiled by the build script, shared by two threads.

mod tiny_resnet {
    netc_runtime::include_net!("tiny_resnet");
}

use tiny_resnet::TinyResnet;

fn main() -> Result<(), netc_runtime::Error> {
    let model = TinyResnet::random(1);
    let classify = |brightness: f32| {
        let mut workspace = model.workspace(1);
        model.predict(&mut workspace, &[brightness; 32 * 32 * 3])
    };
    let (dark, bright) = std::thread::scope(|scope| {
        let dark = scope.spawn(|| classify(0.1));
        (dark.join(), classify(0.9))
    });
    if let Ok(dark) = dark {
        println!("dark: {:?}", dark?);
    }
    println!("bright: {:?}", bright?);
    Ok(())
}

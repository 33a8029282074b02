//! What the examples that print tables are told on their command line.

use netc_runtime::cuda::Precision;

/// Networks, and how to run them.
#[derive(Clone, Debug)]
pub struct Asked {
    /// Images.
    pub batch: usize,
    /// The precision of products.
    pub precision: Precision,
    /// Whether the example's own switch was given.
    pub told: bool,
    /// File stems of the catalogue.
    pub networks: Vec<String>,
}

/// `[--batch N] [--precision NAME] [SWITCH] NETWORK...` of this program's command line.
///
/// # Errors
/// What to write instead.
pub fn asked(switch: &str) -> Result<Asked, String> {
    let mut asked = Asked {
        batch: 1,
        precision: Precision::F32,
        told: false,
        networks: Vec::new(),
    };
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        let mut value = || arguments.next().unwrap_or_default();
        match argument.as_str() {
            "--batch" => {
                let given = value().parse().ok().filter(|n| *n > 0);
                asked.batch = given.ok_or("--batch takes a number of images")?;
            }
            "--precision" => {
                let name = value();
                let known = Precision::ALL.into_iter().find(|p| p.name() == name);
                asked.precision = known.ok_or("--precision takes f32, tf32 or bf16")?;
            }
            _ if argument == switch => asked.told = true,
            _ => asked.networks.push(argument),
        }
    }
    match asked.networks.is_empty() {
        true => Err("name networks of the catalogue: lenet5_mnist alexnet".into()),
        false => Ok(asked),
    }
}

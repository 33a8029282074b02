//! Public data sets: where their files are published, and what they are to the bit.

/// A data set that `netc data get` fetches.
#[derive(Debug)]
pub(crate) struct Set {
    /// As the command line and recipes call it.
    pub(crate) name: &'static str,
    /// Where it is published. Without TLS: the checksums say whether it arrived as it was published.
    pub(crate) address: &'static str,
    pub(crate) files: &'static [File],
    /// Whether its one file is an archive, of which the files with these endings are kept.
    pub(crate) unpack: Option<&'static [&'static str]>,
    /// What it is, and who made it.
    pub(crate) about: &'static str,
}

/// A file as it is published.
#[derive(Debug)]
pub(crate) struct File {
    pub(crate) name: &'static str,
    pub(crate) bytes: u64,
    /// SHA-256, in hexadecimal digits.
    pub(crate) sum: &'static str,
}

const fn file(name: &'static str, bytes: u64, sum: &'static str) -> File {
    File { name, bytes, sum }
}

/// All of them.
pub(crate) const SETS: &[Set] = &[
    Set {
        name: "mnist",
        address: "http://ossci-datasets.s3.amazonaws.com/mnist/",
        files: &[
            file(
                "train-images-idx3-ubyte.gz",
                9_912_422,
                "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609",
            ),
            file(
                "train-labels-idx1-ubyte.gz",
                28_881,
                "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c",
            ),
            file(
                "t10k-images-idx3-ubyte.gz",
                1_648_877,
                "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6",
            ),
            file(
                "t10k-labels-idx1-ubyte.gz",
                4_542,
                "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6",
            ),
        ],
        unpack: None,
        about: "handwritten digits, 28x28 (LeCun, Cortes, Burges)",
    },
    Set {
        name: "fashion_mnist",
        address: "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
        files: &[
            file(
                "train-images-idx3-ubyte.gz",
                26_421_880,
                "3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84",
            ),
            file(
                "train-labels-idx1-ubyte.gz",
                29_515,
                "a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845",
            ),
            file(
                "t10k-images-idx3-ubyte.gz",
                4_422_102,
                "346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073",
            ),
            file(
                "t10k-labels-idx1-ubyte.gz",
                5_148,
                "67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5",
            ),
        ],
        unpack: None,
        about: "clothes, 28x28 (Zalando Research, MIT)",
    },
    Set {
        name: "cifar10",
        address: "http://www.cs.toronto.edu/~kriz/",
        files: &[file(
            "cifar-10-binary.tar.gz",
            170_052_171,
            "c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd",
        )],
        unpack: Some(&[".bin", ".txt"]),
        about: "ten kinds of things, 32x32x3 (Krizhevsky)",
    },
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_are_of_sha_256() {
        for file in SETS.iter().flat_map(|set| set.files) {
            let is_digit = |c: char| matches!(c, '0'..='9' | 'a'..='f');
            assert!(
                file.sum.len() == 64 && file.sum.chars().all(is_digit),
                "{}",
                file.name
            );
        }
    }
}
